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
	var found problems
	seen := make(map[string]bool)
	for i, site := range c.Sites {
		path := fmt.Sprintf("Sites[%d].", i)
		if want := validHost(site.Host); want != "" {
			found.add(path+"Host", site.Host, want)
		}
		if seen[site.Host] {
			found.add(path+"Host", site.Host, "a host that no other site has")
		}
		seen[site.Host] = true
		notNegative(&found, path+"Pages", site.Pages)
		if int(site.Fault) >= len(faultNames) {
			found.add(path+"Fault", site.Fault, "one of Faults")
		}
		notNegative(&found, path+"CrawlDelay", site.CrawlDelay)
		for j, hazard := range site.Hazards {
			at := fmt.Sprintf("%sHazards[%d]", path, j)
			switch hazard := hazard.(type) {
			case nil:
				found.add(at, nil, "a hazard")
			case interface {
				check(at string, found *problems)
			}:
				hazard.check(at+".", &found)
			}
		}
	}
	notNegative(&found, "Solver.Latency", c.Solver.Latency)
	notNegative(&found, "Solver.TokenLasts", c.Solver.TokenLasts)
	return errors.Join(found...)
}

// problems are what is wrong with a configuration.
type problems []error

func (p *problems) add(field string, value any, want string) {
	*p = append(*p, fmt.Errorf("%s: %v, want %s", field, value, want))
}

func notNegative[T int | int64 | time.Duration](p *problems, field string, value T) {
	if value < 0 {
		p.add(field, value, "0 or more")
	}
}

// status checks that of a response; 0 is its default.
func (p *problems) status(field string, value int) {
	if value != 0 && (value < 200 || value > 599) {
		p.add(field, value, "a status from 200 to 599")
	}
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
