package hostile

import (
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
)

// reserve takes a port for as long as the result is open, whether anybody listens
// there or not: a proxy that is stopped would lose it to whoever asks the system
// for a port next. The socket is bound and does not listen, so that connections
// are refused, and SO_REUSEADDR lets a listener stand beside it.
func reserve() (addr string, place io.Closer, err error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), "place")
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		file.Close()
		return "", nil, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		file.Close()
		return "", nil, os.NewSyscallError("bind", err)
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		file.Close()
		return "", nil, os.NewSyscallError("getsockname", err)
	}
	port := at.(*syscall.SockaddrInet4).Port
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), file, nil
}
