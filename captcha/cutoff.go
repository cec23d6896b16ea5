package captcha

import (
	"context"
	"sync"
	"sync/atomic"
)

// cutoff is a context that can be ended before its parent. It does what
// context.WithCancel does, but only once somebody asks for Done: nearly every
// exchange gives content, of which there is nothing to cut off.
type cutoff struct {
	context.Context // the parent

	mu     sync.Mutex
	made   atomic.Pointer[context.Context] // by context.WithCancel; nil before Done
	cancel context.CancelFunc
	over   bool
}

// Done implements [context.Context].
func (c *cutoff) Done() <-chan struct{} {
	if made := c.made.Load(); made != nil {
		return (*made).Done()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if made := c.made.Load(); made != nil {
		return (*made).Done()
	}
	ctx, cancel := context.WithCancel(c.Context)
	if c.over {
		cancel()
	}
	c.cancel = cancel
	c.made.Store(&ctx)
	return ctx.Done()
}

// Err implements [context.Context].
func (c *cutoff) Err() error {
	if made := c.made.Load(); made != nil {
		return (*made).Err()
	}
	c.mu.Lock()
	over := c.over
	c.mu.Unlock()
	if over {
		return context.Canceled
	}
	return c.Context.Err()
}

// Value implements [context.Context]. It asks the context behind Done if there is
// one: that is how the context package finds a parent to join children to, for
// which it would start a goroutine each otherwise.
func (c *cutoff) Value(key any) any {
	if made := c.made.Load(); made != nil {
		return (*made).Value(key)
	}
	return c.Context.Value(key)
}

// cut ends the context.
func (c *cutoff) cut() {
	c.mu.Lock()
	c.over = true
	cancel := c.cancel
	c.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}
