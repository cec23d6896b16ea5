package solver

import (
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// brokeRest is how long a service without money is left alone.
const brokeRest = time.Minute

// rest is the time for which a service that refused the account is left alone.
type rest struct {
	mu      sync.Mutex
	until   time.Time
	because *Error
	key     [sha256.Size]byte // another key is another account
}

// key returns the account's key for one request.
func (s *Service) key() (string, error) {
	key, err := s.cfg.Key.Reveal()
	if err != nil {
		return "", &Error{Provider: s.name, Class: Account, Err: err}
	}
	return key, nil
}

// resting tells why the service is not to be asked now; nil when it may be.
func (s *Service) resting(now time.Time) error {
	key, err := s.key()
	if err != nil {
		return err
	}
	r := &s.rest
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.because == nil || !now.Before(r.until) || r.key != sha256.Sum256([]byte(key)) {
		return nil
	}
	again := *r.because
	again.Err = ErrRested
	return &again
}

// remember leaves the service alone for a while after it refused the account.
func (s *Service) remember(err error) {
	var failed *Error
	if !errors.As(err, &failed) || failed.Err != nil {
		return
	}
	var pause time.Duration
	switch failed.Class {
	case Account:
		pause = s.dialect.rest
	case Balance:
		pause = brokeRest
	default:
		return
	}
	key, err := s.key()
	if err != nil {
		return
	}
	r := &s.rest
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until, r.because, r.key = time.Now().Add(pause), failed, sha256.Sum256([]byte(key))
}
