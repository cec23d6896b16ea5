package hostile

import (
	"net"
	"sync"
)

// A tracker counts work under way and turns new work away once someone waits for
// the end, which a WaitGroup may not.
type tracker struct {
	mu      sync.Mutex
	running int
	done    chan struct{} // not nil when someone waits
}

// enter admits one piece of work; false once the end has begun.
func (t *tracker) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done != nil {
		return false
	}
	t.running++
	return true
}

func (t *tracker) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	if t.running == 0 && t.done != nil {
		close(t.done)
	}
}

// run runs f in a goroutine of its own, unless the end has begun.
func (t *tracker) run(f func()) bool {
	if !t.enter() {
		return false
	}
	go func() {
		defer t.leave()
		f()
	}()
	return true
}

// wait turns new work away and returns when the last has left.
func (t *tracker) wait() {
	t.mu.Lock()
	if t.done == nil {
		t.done = make(chan struct{})
		if t.running == 0 {
			close(t.done)
		}
	}
	done := t.done
	t.mu.Unlock()
	<-done
}

// connections is a set of open connections that can be broken together.
type connections struct {
	mu   sync.Mutex
	open map[net.Conn]struct{}
}

func (c *connections) add(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = make(map[net.Conn]struct{})
	}
	c.open[conn] = struct{}{}
}

func (c *connections) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

// closeAll closes every connection of the set.
func (c *connections) closeAll() {
	c.mu.Lock()
	open := c.open
	c.open = nil
	c.mu.Unlock()
	for conn := range open {
		conn.Close()
	}
}

// reset closes a connection so that the other side sees a reset and not an end.
func reset(conn net.Conn) {
	for {
		wrapped, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = wrapped.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the close is an orderly one, which is all that a failure costs
	}
	conn.Close()
}
