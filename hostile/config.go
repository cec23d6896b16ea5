package hostile

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// DefaultPages is how many pages a site has unless told otherwise.
const DefaultPages = 100

// Config describes a [Web]. Its zero value is a web without sites, which still
// has a solver service and proxies on demand.
type Config struct {
	// Seed decides every page, token, link and lot. Default 0, a seed like any other.
	Seed uint64
	// Sites are the sites of the web. Default none.
	Sites []SiteConfig
	// Faults adds a site for every [Fault], at [Fault.Host]. Default false.
	Faults bool
	// Solver describes the solver service. Default: see [SolverConfig].
	Solver SolverConfig
}

// SiteConfig describes one [Site].
type SiteConfig struct {
	// Host is the site's name, in lower case and under .test (RFC 6761), without
	// a port. Required.
	Host string
	// Pages is the number of pages /p/1 … /p/N that hang together by links from /.
	// Default [DefaultPages].
	Pages int
	// Hazards stand between a visitor and the pages, the first one outermost.
	// Default none: a friendly site.
	Hazards []Hazard
	// Fault is how the site breaks HTTP, TLS or TCP. A site with one speaks HTTP/1.1
	// only. Default [NoFault].
	Fault Fault
	// CrawlDelay is what robots.txt asks for. Default none.
	CrawlDelay time.Duration
	// HTTP1 takes HTTP/2 from the site's TLS listener. Default false.
	HTTP1 bool
	// Identity sends every page without content coding, whatever the visitor
	// accepts. Default false: gzip or deflate for those who ask.
	Identity bool
}

// Validate reports every problem of the configuration at once.
func (c Config) Validate() error {
	var problems []error
	seen := make(map[string]bool)
	for i, site := range c.Sites {
		path := fmt.Sprintf("Sites[%d].", i)
		if problem := validHost(site.Host); problem != "" {
			problems = append(problems, fmt.Errorf("%sHost: %q, want %s", path, site.Host, problem))
		}
		if seen[site.Host] {
			problems = append(problems, fmt.Errorf("%sHost: %q, want a host that no other site has", path, site.Host))
		}
		seen[site.Host] = true
		if site.Pages < 0 {
			problems = append(problems, fmt.Errorf("%sPages: %d, want 0 or more", path, site.Pages))
		}
		if int(site.Fault) >= len(faultNames) {
			problems = append(problems, fmt.Errorf("%sFault: %d, want one of Faults", path, site.Fault))
		}
		if site.CrawlDelay < 0 {
			problems = append(problems, fmt.Errorf("%sCrawlDelay: %v, want 0 or more", path, site.CrawlDelay))
		}
		for j, hazard := range site.Hazards {
			if hazard == nil {
				problems = append(problems, fmt.Errorf("%sHazards[%d]: nil, want a hazard", path, j))
			}
		}
	}
	if err := c.Solver.validate(); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// validHost returns what a site's host should have been; empty if it is fine.
func validHost(host string) string {
	name, ok := strings.CutSuffix(host, ".test")
	switch {
	case !ok || name == "":
		return "a name under .test"
	case strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || strings.Contains(host, ".."):
		return "lower-case letters, digits, hyphens and single dots"
	case host == faultDomain || strings.HasSuffix(host, "."+faultDomain):
		return "a name outside " + faultDomain + ", which is the faults' own"
	}
	return ""
}
