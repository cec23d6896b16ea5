package ratelimit

// Tracked is how many turns are kept for key, forgotten ones included.
func (l *Limiter) Tracked(key string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, _ := l.hosts.Look(key)
	return len(h.turns)
}
