package proxypool

import "io"

// A stream is the body of a response over HTTP/2, of which one that is under way
// keeps net/http from closing the connection, and nobody closes it afterwards.
type stream struct {
	io.ReadCloser
	rt  *route
	end error // of reading
}

// Read implements [io.Reader].
func (s *stream) Read(p []byte) (int, error) {
	if s.end != nil {
		return 0, s.end // as it would be, were it not closed
	}
	n, err := s.ReadCloser.Read(p)
	if err != nil {
		s.end = err
		s.over()
	}
	return n, err
}

// Close implements [io.Closer].
func (s *stream) Close() error {
	err := s.ReadCloser.Close()
	s.over()
	return err
}

// over closes the connection if no other stream will use it.
func (s *stream) over() {
	if s.rt.ended.Load() || s.rt.e.gone.Load() {
		_ = s.ReadCloser.Close() // returns when the connection has forgotten the stream
		s.rt.close()
	}
}
