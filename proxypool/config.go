package proxypool

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// Defaults of the fields of [Config].
const (
	DefaultMaxInFlight      = 8
	DefaultEmptyWait        = 10 * time.Second
	DefaultBlocksToGate     = 2
	DefaultBlockGate        = 60 * time.Second
	DefaultMaxBlockGate     = 30 * time.Minute
	DefaultFaultsToGate     = 3
	DefaultFaultGate        = 30 * time.Second
	DefaultMaxFaultGate     = 10 * time.Minute
	DefaultMinGate          = 5 * time.Second
	DefaultProbeShare       = 0.02
	DefaultScarceProbeShare = 0.20
	DefaultScarceShare      = 0.50
	DefaultIdentityAge      = 50 * time.Minute
	DefaultIdentityUses     = 50
	DefaultDialTimeout      = 5 * time.Second
	DefaultConnectTimeout   = 10 * time.Second
	DefaultTLSTimeout       = 10 * time.Second
	DefaultFirstByteTimeout = 30 * time.Second
	DefaultIdleConnTimeout  = 90 * time.Second
	DefaultMaxIdleConns     = 32
	DefaultMaxTransports    = 1024
	DefaultMaxDomains       = 10_000
	DefaultDomainIdle       = time.Hour
)

// Config describes a pool. The zero value of a field means its default; a
// negative number means off or unlimited. A pool copies it.
type Config struct {
	// Name is the pool's name in events and errors. Default "pool".
	Name string
	// Direct makes the machine's own address the pool's only egress. It is never
	// gated and has no in-flight cap, but has identities like any other. It
	// excludes all sources of proxies. Default false: never direct.
	Direct bool

	// Proxies are proxies given in place, each in a format of [ParseProxy]. Default none.
	Proxies []Address
	// File is the path of a list in a format of [ParseList]. Default none.
	File string
	// Env names an environment variable that holds such a list. Default none.
	Env string
	// URL is where such a list is fetched from, directly. Default none.
	URL Address
	// Source returns more proxies. Default nil.
	Source Source
	// ReloadEvery is how often the sources are read again. Default 0: only by [Pool.Reload].
	ReloadEvery time.Duration

	// Selection names the rule of choice. Default [Gated].
	Selection Selection
	// MaxInFlight caps the leases of one proxy at a time, or of one exit of a
	// [Gateway]. Default [DefaultMaxInFlight].
	MaxInFlight int
	// EmptyWait is how long a lease is waited for when no proxy is free, within
	// the request's deadline. Negative: not at all. Default [DefaultEmptyWait].
	EmptyWait time.Duration
	// Blocks is when and how long blocks keep a proxy from one domain. Default
	// [DefaultBlocksToGate], [DefaultBlockGate], [DefaultMaxBlockGate].
	Blocks Gating
	// Faults is when and how long faults keep a proxy out altogether. Default
	// [DefaultFaultsToGate], [DefaultFaultGate], [DefaultMaxFaultGate].
	Faults Gating
	// Scarcity says what changes when few proxies are left. Default: see there.
	Scarcity Scarcity

	// IdentityAge is how long an identity is used. Default [DefaultIdentityAge].
	IdentityAge time.Duration
	// IdentityUses is how many attempts an identity serves; those pinned by
	// [trip.WithSession] are not counted. Default [DefaultIdentityUses].
	IdentityUses int

	// DialTimeout limits the connection to the proxy. Default [DefaultDialTimeout].
	DialTimeout time.Duration
	// ConnectTimeout limits TLS to the proxy and the CONNECT request, or the
	// SOCKS handshake. Default [DefaultConnectTimeout].
	ConnectTimeout time.Duration
	// TLSTimeout limits the handshake with the target. Default [DefaultTLSTimeout].
	TLSTimeout time.Duration
	// FirstByteTimeout limits the wait from the written request to the response
	// header. Default [DefaultFirstByteTimeout].
	FirstByteTimeout time.Duration
	// IdleConnTimeout closes idle connections. Default [DefaultIdleConnTimeout].
	IdleConnTimeout time.Duration
	// MaxIdleConns caps the idle connections per proxy and target. Default [DefaultMaxIdleConns].
	MaxIdleConns int
	// MaxTransports caps how many proxies have a transport, and so connections, at
	// a time; the least recently used one is closed. Default [DefaultMaxTransports].
	MaxTransports int
	// TLS is the configuration towards targets. It is cloned. Default nil: Go's own.
	TLS *tls.Config
	// ProxyTLS is the configuration towards https proxies. It is cloned. Default nil: Go's own.
	ProxyTLS *tls.Config
	// NewTransport builds the transport of an egress in place of the pool's own,
	// for a fork of net/http that controls more of the wire. It gets the proxy's
	// URL with credentials, nil for the direct egress. Typed proxy errors and
	// byte counts are then its own business. Default nil.
	NewTransport func(proxy *url.URL) (http.RoundTripper, error)

	// Check configures active checks. Default off.
	Check Check
	// Tiers says when a domain moves between price tiers.
	Tiers Tiers

	// MaxDomains bounds the domains with state; those with a live ban are kept
	// longest. Default [DefaultMaxDomains].
	MaxDomains int
	// DomainIdle is when the state of an idle domain may go. Default [DefaultDomainIdle].
	DomainIdle time.Duration

	// Frozen tells that a domain is known to fail for everyone, so that nobody is
	// penalised on its account: its circuit breaker is open. It is called outside
	// of locks. Default nil: never.
	Frozen func(domain string) bool
	// Observer is told of gates and retired identities. Default nil.
	Observer trip.Observer
	// Rand makes the pool's choices reproducible. Default nil: random.
	Rand rand.Source
}

// Gating says when a gate closes and for how long.
type Gating struct {
	// After is how many consecutive pieces of evidence close the gate.
	After int
	// For is how long it stays closed the first time; each further time is twice as long.
	For time.Duration
	// Max caps that.
	Max time.Duration
}

// Scarcity says what changes when few proxies are eligible.
type Scarcity struct {
	// Share is the eligible share below which gates shorten in proportion and
	// probes grow. Default [DefaultScarceShare].
	Share float64
	// MinGate is how short gates become at the least. Default [DefaultMinGate].
	MinGate time.Duration
	// ProbeShare is the share of first attempts that may go to proxies on
	// probation. Negative: none. Default [DefaultProbeShare].
	ProbeShare float64
	// MaxProbeShare is what it grows to. Default [DefaultScarceProbeShare].
	MaxProbeShare float64
}

// Source returns the proxies of a pool, or of a part of it. It is called when the
// pool is made and on every reload.
type Source func(ctx context.Context) ([]Proxy, error)

// Selection names a rule by which a pool chooses among eligible proxies. All of
// them honour gates, in-flight caps and sessions.
type Selection string

const (
	// Gated is the default: the best of three random eligible proxies, by
	// success, latency, load and heat. See the package documentation.
	Gated Selection = "gated"
	// RoundRobin takes one after the other.
	RoundRobin Selection = "round_robin"
	// Random takes any.
	Random Selection = "random"
	// LeastUsed takes the one with the fewest uses on the domain.
	LeastUsed Selection = "least_used"
	// Performance takes the one with the best success and latency, whatever its load.
	Performance Selection = "performance"
)

func (c Config) withDefaults() Config {
	def(&c.Name, "pool")
	def(&c.Selection, Gated)
	def(&c.MaxInFlight, DefaultMaxInFlight)
	def(&c.EmptyWait, DefaultEmptyWait)
	def(&c.Blocks.After, DefaultBlocksToGate)
	def(&c.Blocks.For, DefaultBlockGate)
	def(&c.Blocks.Max, DefaultMaxBlockGate)
	def(&c.Faults.After, DefaultFaultsToGate)
	def(&c.Faults.For, DefaultFaultGate)
	def(&c.Faults.Max, DefaultMaxFaultGate)
	def(&c.Scarcity.Share, DefaultScarceShare)
	def(&c.Scarcity.MinGate, DefaultMinGate)
	def(&c.Scarcity.ProbeShare, DefaultProbeShare)
	def(&c.Scarcity.MaxProbeShare, DefaultScarceProbeShare)
	def(&c.IdentityAge, DefaultIdentityAge)
	def(&c.IdentityUses, DefaultIdentityUses)
	def(&c.DialTimeout, DefaultDialTimeout)
	def(&c.ConnectTimeout, DefaultConnectTimeout)
	def(&c.TLSTimeout, DefaultTLSTimeout)
	def(&c.FirstByteTimeout, DefaultFirstByteTimeout)
	def(&c.IdleConnTimeout, DefaultIdleConnTimeout)
	def(&c.MaxIdleConns, DefaultMaxIdleConns)
	def(&c.MaxTransports, DefaultMaxTransports)
	def(&c.MaxDomains, DefaultMaxDomains)
	def(&c.DomainIdle, DefaultDomainIdle)
	c.Check = c.Check.withDefaults()
	c.Tiers = c.Tiers.withDefaults()
	return c
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate reports every problem of the configuration, each with the path of its
// field. It reads no file and asks no network, and prints no credentials.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for i, a := range c.Proxies {
		if _, err := ParseProxy(string(a)); err != nil {
			bad("Proxies[%d]: %w", i, err)
		}
	}
	if c.Direct && (len(c.Proxies) > 0 || c.File != "" || c.Env != "" || c.URL != "" || c.Source != nil) {
		bad("Direct: true, want no proxies beside it")
	}
	if c.URL != "" {
		if u, err := url.Parse(string(c.URL)); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			bad("URL: want an http or https URL")
		}
	}
	switch c.Selection {
	case "", Gated, RoundRobin, Random, LeastUsed, Performance:
	default:
		bad("Selection: %q, want gated, round_robin, random, least_used or performance", string(c.Selection))
	}
	for _, f := range []struct {
		path  string
		value time.Duration
	}{
		{"ReloadEvery", c.ReloadEvery},
		{"Blocks.For", c.Blocks.For},
		{"Blocks.Max", c.Blocks.Max},
		{"Faults.For", c.Faults.For},
		{"Faults.Max", c.Faults.Max},
		{"Scarcity.MinGate", c.Scarcity.MinGate},
	} {
		if f.value < 0 {
			bad("%s: %v, want 0 (the default) or more", f.path, f.value)
		}
	}
	for _, f := range []struct {
		path  string
		value float64
	}{
		{"Scarcity.Share", c.Scarcity.Share},
		{"Scarcity.ProbeShare", c.Scarcity.ProbeShare},
		{"Scarcity.MaxProbeShare", c.Scarcity.MaxProbeShare},
	} {
		if !(f.value <= 1) {
			bad("%s: %v, want at most 1", f.path, f.value)
		}
	}
	d := c.withDefaults()
	if d.Blocks.Max < d.Blocks.For {
		bad("Blocks.Max: %v, want at least Blocks.For (%v)", d.Blocks.Max, d.Blocks.For)
	}
	if d.Faults.Max < d.Faults.For {
		bad("Faults.Max: %v, want at least Faults.For (%v)", d.Faults.Max, d.Faults.For)
	}
	errs = append(errs, c.Check.validate()...)
	errs = append(errs, c.Tiers.validate()...)
	return errors.Join(errs...)
}
