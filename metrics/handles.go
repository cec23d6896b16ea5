package metrics

import (
	"sync"
	"sync/atomic"

	"github.com/godwit-go/godwit/trip"
	"github.com/prometheus/client_golang/prometheus"
)

// domain holds the series of one domain that a call without trouble touches, found
// once.
type domain struct {
	label          string
	series         *series
	requests       [methodCount][codeCount][verdictCount]atomic.Pointer[prometheus.Counter] // nil until needed
	requestSeconds prometheus.Observer
	attemptsPer    prometheus.Observer
	attempts       [verdictCount]prometheus.Counter
	attemptSeconds prometheus.Observer
	exchanges      [verdictCount]prometheus.Counter
	timeouts       [phaseCount]prometheus.Counter
	apiTimeouts    [phaseCount]prometheus.Counter
	byProxy        prometheus.Counter
	byBlock        prometheus.Counter
	waitSeconds    prometheus.Observer
	bytes          [poolCount][2]atomic.Pointer[prometheus.Counter] // sent and received, by pool; nil until needed
}

// newDomain makes the series of a domain exist: a counter that appears with its
// first event hides that event from rate().
func newDomain(s *series, label string) *domain {
	d := &domain{
		label:          label,
		series:         s,
		requestSeconds: s.requestSeconds.WithLabelValues(label),
		attemptsPer:    s.attemptsPer.WithLabelValues(label),
		attemptSeconds: s.attemptSeconds.WithLabelValues(label),
		byProxy:        s.wasted.WithLabelValues(label, "proxy"),
		byBlock:        s.wasted.WithLabelValues(label, "blocked"),
		waitSeconds:    s.waitSeconds.WithLabelValues(label),
	}
	for v := range verdictCount {
		name := trip.Verdict(v).String()
		d.attempts[v] = s.attempts.WithLabelValues(label, name)
		d.exchanges[v] = s.exchanges.WithLabelValues(label, name)
	}
	for p := int(trip.Dial); p < phaseCount; p++ {
		d.timeouts[p] = s.timeouts.WithLabelValues(label, trip.Phase(p).String())
		if s.apiTimeouts != nil {
			d.apiTimeouts[p] = s.apiTimeouts.WithLabelValues(label, trip.Phase(p).String())
		}
	}
	s.requests.WithLabelValues(label, "GET", "2xx", trip.OK.String())
	s.requests.WithLabelValues(label, "GET", "4xx", trip.OK.String())
	s.requests.WithLabelValues(label, "GET", "4xx", trip.Blocked.String())
	s.requests.WithLabelValues(label, "GET", "4xx", trip.Throttled.String())
	s.requests.WithLabelValues(label, "GET", "5xx", trip.TargetError.String())
	for _, v := range trip.Verdicts[1:] { // all but OK may come without a response
		s.requests.WithLabelValues(label, "GET", "error", v.String())
	}
	for _, v := range []trip.Verdict{trip.TargetError, trip.Throttled, trip.Blocked, trip.Challenge, trip.ProxyError, trip.Local} {
		s.retries.WithLabelValues(label, v.String())
	}
	for _, cause := range []string{"attempts", "budget", "deadline", "max_wait", "not_replayable", "not_idempotent"} {
		s.suppressed.WithLabelValues(label, cause)
	}
	for _, source := range []string{"jitter", "retry_after", "ratelimit", "rotate"} {
		s.backoffSeconds.WithLabelValues(label, source)
	}
	s.pauses.WithLabelValues(label)
	for _, reason := range []string{"blocked", "throttled", "faults"} {
		s.bans.WithLabelValues(label, reason)
	}
	s.rejections.WithLabelValues(label)
	for _, change := range [][2]string{{"closed", "open"}, {"open", "half_open"}, {"half_open", "open"}, {"half_open", "closed"}} {
		s.transitions.WithLabelValues(label, change[0], change[1])
	}
	return d
}

func (d *domain) countRequest(e *trip.CallDone) {
	method, code, verdict := methodIndex(e.Method), codeIndex(e.Status), verdictIndex(e.Verdict)
	place := &d.requests[method][code][verdict]
	c := place.Load()
	if c == nil {
		found := d.series.requests.WithLabelValues(d.label, methodNames[method], codeNames[code], trip.Verdict(verdict).String())
		c = &found
		place.Store(c)
	}
	(*c).Inc()
}

func (d *domain) countTimeout(o trip.Outcome) {
	p := phaseIndex(o.Phase)
	d.timeouts[p].Inc()
	if c := d.apiTimeouts[p]; c != nil {
		c.Inc()
	}
}

// countBytes counts what passed through a pool for the domain.
func (d *domain) countBytes(p *pool, sent, received int64) {
	for i, n := range [2]int64{sent, received} {
		place := &d.bytes[p.index][i]
		c := place.Load()
		if c == nil {
			found := d.series.bytes.WithLabelValues(d.label, p.label, [2]string{"sent", "received"}[i])
			c = &found
			place.Store(c)
		}
		(*c).Add(float64(max(0, n)))
	}
}

// pool holds the series of one pool.
type pool struct {
	label string
	index int // into domain.bytes
	picks [modeCount]prometheus.Counter
}

func newPool(s *series, label string, index int) *pool {
	p := &pool{label: label, index: index}
	for m, mode := range modeNames {
		p.picks[m] = s.picks.WithLabelValues(label, mode)
	}
	s.ejections.WithLabelValues(label, "faults")
	for _, reason := range []string{"probe", "check", "due"} {
		s.readmissions.WithLabelValues(label, reason)
	}
	for _, reason := range []string{"blocked", "age", "uses", "score", "gone"} {
		s.retired.WithLabelValues(label, reason)
	}
	return p
}

// registry finds T by name without a lock. It holds few and never forgets one, as
// a counter must not go away; names beyond that share one T.
type registry[T any] struct {
	create func(label string, index int) *T
	found  atomic.Pointer[map[string]*T]
	full   atomic.Bool
	other  *T

	mu   sync.Mutex
	free int // places for names that were not given to keep
}

func newRegistry[T any](free int, create func(label string, index int) *T) *registry[T] {
	r := &registry[T]{create: create, free: free, other: create(other, 0)}
	r.found.Store(&map[string]*T{other: r.other})
	r.full.Store(free <= 0)
	return r
}

// get returns the T of name, or the shared one.
func (r *registry[T]) get(name string) *T {
	if t := (*r.found.Load())[name]; t != nil {
		return t
	}
	if name == "" || r.full.Load() {
		return r.other
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := (*r.found.Load())[name]; t != nil {
		return t
	}
	if r.free <= 0 {
		return r.other
	}
	r.free--
	r.full.Store(r.free <= 0)
	return r.add(name)
}

// keep gives name a T of its own, whatever the number.
func (r *registry[T]) keep(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if (*r.found.Load())[name] == nil {
		r.add(name)
	}
}

// add is called with the lock held.
func (r *registry[T]) add(name string) *T {
	old := *r.found.Load()
	next := make(map[string]*T, len(old)+1)
	for k, v := range old {
		next[k] = v
	}
	next[name] = r.create(clean(name), len(old))
	r.found.Store(&next)
	return next[name]
}
