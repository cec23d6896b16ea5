package metrics

import "github.com/prometheus/client_golang/prometheus"

// series are all counters and histograms.
type series struct {
	requests         *prometheus.CounterVec   // domain, method, code, result
	requestSeconds   *prometheus.HistogramVec // domain
	attemptsPer      *prometheus.HistogramVec // domain
	attempts         *prometheus.CounterVec   // domain, verdict
	attemptSeconds   *prometheus.HistogramVec // domain
	wasted           *prometheus.CounterVec   // domain, cause
	exchanges        *prometheus.CounterVec   // domain, verdict
	timeouts         *prometheus.CounterVec   // domain, phase
	apiTimeouts      *prometheus.CounterVec   // domain, phase; nil unless asked for
	retries          *prometheus.CounterVec   // domain, reason
	suppressed       *prometheus.CounterVec   // domain, cause
	backoffSeconds   *prometheus.HistogramVec // domain, source
	waitSeconds      *prometheus.HistogramVec // domain
	pauses           *prometheus.CounterVec   // domain
	picks            *prometheus.CounterVec   // pool, mode
	ejections        *prometheus.CounterVec   // pool, reason
	readmissions     *prometheus.CounterVec   // pool, reason
	bans             *prometheus.CounterVec   // domain, reason
	retired          *prometheus.CounterVec   // pool, reason
	transitions      *prometheus.CounterVec   // domain, from, to
	rejections       *prometheus.CounterVec   // domain
	challenges       *prometheus.CounterVec   // domain, vendor, kind
	solves           *prometheus.CounterVec   // domain, provider, kind, result
	solveSeconds     *prometheus.HistogramVec // domain, provider
	spend            *prometheus.CounterVec   // domain, provider
	bytes            *prometheus.CounterVec   // domain, pool, direction
	all              []prometheus.Collector
	nativeHistograms bool
}

func newSeries(cfg Config) *series {
	s := &series{nativeHistograms: cfg.NativeHistograms}
	seconds := []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300}
	waits := []float64{.1, .5, 1, 2.5, 5, 10, 30, 60}

	s.requests = s.counter("godwit_requests_total", "Calls, by what came of them.", "domain", "method", "code", "result")
	s.requestSeconds = s.histogram("godwit_request_duration_seconds", "Time from the start of a call to its response header or error.", seconds, "domain")
	s.attemptsPer = s.histogram("godwit_attempts_per_request", "Attempts that a call took.", []float64{1, 2, 3, 4, 5}, "domain")
	s.attempts = s.counter("godwit_attempts_total", "Attempts, by verdict.", "domain", "verdict")
	s.attemptSeconds = s.histogram("godwit_attempt_duration_seconds", "Time from the start of an attempt to its response header or error.", seconds, "domain")
	s.wasted = s.counter("godwit_wasted_attempts_total", "Attempts lost through the identity they were made with: its proxy failed, or it was blocked.", "domain", "cause")
	s.exchanges = s.counter("godwit_exchanges_total", "Requests on the wire, by verdict.", "domain", "verdict")
	s.timeouts = s.counter("godwit_request_timeouts_total", "Attempts that ran out of time, by the phase they were in.", "domain", "phase")
	if cfg.APITimeouts {
		s.apiTimeouts = s.counter("api_request_timeouts_total", "The same as godwit_request_timeouts_total.", "domain", "phase")
	}
	s.retries = s.counter("godwit_retries_total", "Attempts that were followed by another, by their verdict.", "domain", "reason")
	s.suppressed = s.counter("godwit_retries_suppressed_total", "Failed attempts that were not followed by another, by cause.", "domain", "cause")
	s.backoffSeconds = s.histogram("godwit_retry_backoff_seconds", "Delay before another attempt, by what it follows.", waits, "domain", "source")
	s.waitSeconds = s.histogram("godwit_rate_limit_wait_seconds", "Time that exchanges waited for their rate limit; those that need not wait are left out.", waits, "domain")
	s.pauses = s.counter("godwit_pauses_total", "Rests of a whole domain after a burst of refusals.", "domain")
	s.picks = s.counter("godwit_proxy_picks_total", "Egresses picked for an attempt, by mode.", "pool", "mode")
	s.ejections = s.counter("godwit_proxy_ejections_total", "Egresses set aside for all domains.", "pool", "reason")
	s.readmissions = s.counter("godwit_proxy_readmissions_total", "Egresses taken back for all domains.", "pool", "reason")
	s.bans = s.counter("godwit_proxy_bans_total", "Egresses set aside for one domain.", "domain", "reason")
	s.retired = s.counter("godwit_identities_retired_total", "Identities that will not be used again.", "pool", "reason")
	s.transitions = s.counter("godwit_breaker_transitions_total", "Changes of a domain's circuit breaker.", "domain", "from", "to")
	s.rejections = s.counter("godwit_breaker_rejections_total", "Exchanges that an open circuit breaker refused.", "domain")
	s.challenges = s.counter("godwit_challenges_total", "Challenge and block pages seen.", "domain", "vendor", "kind")
	s.solves = s.counter("godwit_captcha_solves_total", "Challenges that were lifted (result solved) or not (result says why).", "domain", "provider", "kind", "result")
	s.solveSeconds = s.histogram("godwit_captcha_solve_duration_seconds", "Time that lifting a challenge took.", []float64{1, 5, 10, 20, 30, 60, 120, 180}, "domain", "provider")
	s.spend = s.counter("godwit_captcha_spend_usd_total", "Money spent on challenges, in US dollars.", "domain", "provider")
	s.bytes = s.counter("godwit_body_bytes_total", "Bytes of request and response bodies on the wire.", "domain", "pool", "direction")
	return s
}

func (s *series) counter(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	s.all = append(s.all, v)
	return v
}

func (s *series) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	opts := prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}
	if s.nativeHistograms {
		opts.Buckets = nil
		opts.NativeHistogramBucketFactor = 1.1
		opts.NativeHistogramMaxBucketNumber = 160
	}
	v := prometheus.NewHistogramVec(opts, labels)
	s.all = append(s.all, v)
	return v
}
