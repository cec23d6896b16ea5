package godwit

import "errors"

// closeIdle closes the idle connections of every pool.
func (a *assembly) closeIdle() {
	for _, p := range a.pools {
		p.CloseIdleConnections()
	}
}

// close ends all background work.
func (a *assembly) close() error {
	var errs []error
	for _, p := range a.pools {
		errs = append(errs, p.Close())
	}
	for _, c := range a.chains {
		errs = append(errs, c.captchas.Close())
	}
	return errors.Join(errs...)
}

// discard closes what a failed assembly has made anew.
func (b assembler) discard(a *assembly) {
	for name, p := range a.pools {
		if b.prev == nil || b.prev.pools[name] != p {
			_ = p.Close() // it was never used
		}
	}
}

// Reload puts cfg in force for calls that begin from now on. Policies, pools and
// keys change; health, bans, breakers, budgets and the calls under way stay as
// they are. Pools and policies that are gone are closed. With an error, which
// lists everything that is wrong, the old configuration stays in force.
func (t *Transport) Reload(cfg Config) error {
	t.reload.Lock()
	defer t.reload.Unlock()
	if t.closed.Load() {
		return ErrClosed
	}
	old := t.current.Load()
	next, err := t.assembler(cfg, old).assemble()
	if err != nil {
		return err
	}
	t.current.Store(next)
	cfg.warn(next)
	return old.retire(next)
}

// retire closes what next has not taken over.
func (a *assembly) retire(next *assembly) error {
	var errs []error
	for name, p := range a.pools {
		if next.pools[name] != p {
			errs = append(errs, p.Close())
		}
	}
	for key, c := range a.chains {
		if n := next.chains[key]; n == nil || n.captchas != c.captchas {
			errs = append(errs, c.captchas.Close())
		}
	}
	return errors.Join(errs...)
}
