package captcha

import (
	"strings"
	"sync"
	"time"
)

// pendingLife is how long a task that nobody waits for any more is worth asking
// about: tokens do not live longer.
const pendingLife = 5 * time.Minute

// pending is a task that was paid for and not answered in time, or whose answer
// could not be sent.
type pending struct {
	solver   Resumer
	provider string
	taskID   string
	since    time.Time
}

// pendings keeps paid tasks for the next call that needs the same answer. It is
// safe for concurrent use.
type pendings struct {
	mu    sync.Mutex
	tasks map[string]pending
}

// add keeps a task under key.
func (ps *pendings) add(key string, p pending) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.tasks == nil {
		ps.tasks = make(map[string]pending)
	}
	for key, old := range ps.tasks {
		if p.since.Sub(old.since) > pendingLife {
			delete(ps.tasks, key)
		}
	}
	ps.tasks[key] = p
}

// take returns the task under key, for the caller alone.
func (ps *pendings) take(key string, now time.Time) (pending, bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p, ok := ps.tasks[key]
	delete(ps.tasks, key)
	return p, ok && now.Sub(p.since) <= pendingLife
}

// sameAnswer is equal for challenges that one answer would do for. What is good
// for one use, as a picture or a session's value, is part of it.
func sameAnswer(c *Challenge) string {
	parts := []string{string(c.Vendor), string(c.Kind), c.SiteKey, c.Action}
	for _, name := range [...]string{ParamGT, ParamChallenge, ParamCaptchaID, ParamDataS, ParamBlob, ParamContext, ParamImage} {
		parts = append(parts, c.Params[name])
	}
	return strings.Join(parts, "\x00")
}
