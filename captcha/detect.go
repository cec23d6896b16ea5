package captcha

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

const (
	// DefaultPeekBytes is how much of every HTML page is looked at.
	DefaultPeekBytes = 64 << 10
	// DefaultSuspectBytes is how much of a suspicious page is looked at.
	DefaultSuspectBytes = 512 << 10
)

// DetectorConfig configures a [Detector].
type DetectorConfig struct {
	// Rules are asked before the built-in ones. Default none.
	Rules []Rule
	// PeekBytes is how much of every HTML page is looked at; negative = nothing,
	// so that only headers decide. Default [DefaultPeekBytes].
	PeekBytes int
	// SuspectBytes is how much of a page is looked at when its first PeekBytes
	// hold a marker of any vendor. Default [DefaultSuspectBytes].
	SuspectBytes int
}

// Validate tells everything that is wrong with the configuration.
func (c DetectorConfig) Validate() error {
	var errs []error
	for i, r := range c.Rules {
		if err := r.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("Rules[%d].%w", i, err))
		}
	}
	if c.SuspectBytes < 0 {
		errs = append(errs, fmt.Errorf("SuspectBytes: %d, want 0 or more", c.SuspectBytes))
	}
	return errors.Join(errs...)
}

// Detector tells challenges from ordinary responses. The zero Detector knows the
// built-in rules. It is safe for concurrent use.
type Detector struct {
	cfg DetectorConfig
}

// NewDetector returns a detector with the given configuration.
func NewDetector(cfg DetectorConfig) (*Detector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Detector{cfg: cfg}, nil
}

// Detect judges a page that is in memory, with the built-in rules. Status 0 and
// nil for header and address mean that they are not known: the body alone is
// enough for most. The result refers to header, address and body.
func Detect(status int, header http.Header, address *url.URL, body []byte) Challenge {
	return new(Detector).Detect(status, header, address, body)
}

// Detect is [Detect] with the detector's own rules as well.
func (d *Detector) Detect(status int, header http.Header, address *url.URL, body []byte) Challenge {
	return Challenge{}
}

// Inspect judges a response. It reads no more of the body than the configured
// bounds, and only of HTML and JSON; resp.Body is replaced by one that gives the
// whole body again. It returns nil for an ordinary response. The error is that of
// reading the body, which the caller of the body will meet again at the same
// place; the challenge is valid nevertheless.
func (d *Detector) Inspect(resp *http.Response) (*Challenge, error) {
	return nil, nil
}
