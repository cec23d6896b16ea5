package hostile

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Site is a running site of a [Web]. All methods may be called concurrently.
//
// It serves, besides its pages:
//
//	/p/1 … /p/N     the pages, which link to one another; / leads to all of them
//	/api/items/1 …  the same as JSON
//	/go/7           a redirect to /p/7
//	/away/7         a redirect to a page of the web's next site
//	/gone/7         404
//	/private/7      content that robots.txt forbids
//	/robots.txt, /sitemap.xml
//	/visitor        who the site thinks is asking, as JSON
//	/orders         takes POSTs and books their effect by request id
//
// Hazards stand before all of them but /robots.txt.
type Site struct {
	web      *Web
	host     string
	pages    int
	cfg      SiteConfig
	books    *books
	gates    map[challengeKind]*gate
	httpAddr string
	tlsAddr  string

	// What is closed with the site.
	servers   []*http.Server
	listeners []net.Listener
	conns     connections // that no server has, or has no longer
}

func startSite(web *Web, cfg SiteConfig) (*Site, error) {
	s := &Site{web: web, host: cfg.Host, pages: cfg.Pages, cfg: cfg, books: newBooks(), gates: make(map[challengeKind]*gate)}
	s.cfg.Hazards = slices.Clone(cfg.Hazards)
	if s.pages == 0 {
		s.pages = DefaultPages
	}
	tlsConfig, err := s.tlsConfig()
	if err != nil {
		return nil, err
	}
	pages := cfg.Fault.before(s, s.mux())
	for _, hazard := range slices.Backward(s.cfg.Hazards) {
		pages = hazard.Before(s, pages)
	}
	handler := web.tracked(s.receive(pages))
	if s.httpAddr, err = s.serve(handler, nil); err != nil {
		return nil, err
	}
	if s.tlsAddr, err = s.serve(handler, tlsConfig); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// serve starts one listener and returns its address.
func (s *Site) serve(handler http.Handler, tlsConfig *tls.Config) (string, error) {
	if s.cfg.Fault == FaultRefuse {
		return nobody, nil
	}
	l, err := net.Listen("tcp", anyPort)
	if err != nil {
		return "", fmt.Errorf("hostile: site %s: %w", s.host, err)
	}
	s.listeners = append(s.listeners, l)
	if s.cfg.Fault == FaultBlackHole {
		s.web.work.run(func() { s.serveBadly(l, swallow) })
		return l.Addr().String(), nil
	}
	if s.cfg.Fault == FaultGoAway && tlsConfig != nil {
		s.web.work.run(func() { s.serveBadly(tls.NewListener(l, tlsConfig), s.goAway) })
		return l.Addr().String(), nil
	}
	srv := &http.Server{
		Handler:           handler,
		TLSConfig:         tlsConfig,
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: 30 * time.Second,
	}
	knowCallers(srv)
	s.servers = append(s.servers, srv)
	s.web.work.run(func() {
		if tlsConfig == nil {
			_ = srv.Serve(l)
			return
		}
		srv.Protocols = new(http.Protocols)
		srv.Protocols.SetHTTP1(true)
		srv.Protocols.SetHTTP2(!s.cfg.HTTP1 && s.cfg.Fault == NoFault)
		_ = srv.ServeTLS(l, "", "")
	})
	return l.Addr().String(), nil
}

func (s *Site) close() {
	for _, srv := range s.servers {
		srv.Close()
	}
	for _, l := range s.listeners {
		l.Close() // closed already where a server had it
	}
	s.conns.closeAll()
}

// Host returns the site's name.
func (s *Site) Host() string { return s.host }

// URL returns the https URL of a path of the site.
func (s *Site) URL(path string) string { return "https://" + s.host + path }

// URLs returns the https URLs of all the site's pages.
func (s *Site) URLs() []string {
	urls := make([]string, s.pages)
	for i := range urls {
		urls[i] = s.URL(pagePath(i + 1))
	}
	return urls
}

// listens returns the loopback address behind one of the site's two ports.
func (s *Site) listens(port string) (string, error) {
	switch port {
	case "80":
		return s.httpAddr, nil
	case "443":
		return s.tlsAddr, nil
	}
	return "", fmt.Errorf("site %s: port %s refused", s.host, port)
}

// receive books the request, finds out who the visitor is and how often the path
// was asked for, and hands over to the hazards.
func (s *Site) receive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visitor := s.web.visitor(callerOf(r))
		v := visit{visitor: visitor, turn: s.arrive(arrival(r, visitor), r.URL.Path)}
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		if r.Header.Get("Proxy-Authorization") != "" {
			s.Book(r, Leaked)
		}
		if strings.HasPrefix(r.URL.Path, disallowedPrefix) {
			s.Book(r, Disallowed)
		}
		if r.URL.Path == "/robots.txt" {
			s.robots(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// arrive books a request and returns how often its path was asked for by now.
func (s *Site) arrive(a Arrival, path string) int {
	if a.Visitor.Proxy == nil {
		s.web.machine.Add(1)
	}
	return s.books.arrive(a, path)
}

func (s *Site) mux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", s.page)
	mux.HandleFunc("GET /go/{n}", s.redirect)
	mux.HandleFunc("GET /away/{n}", s.away)
	mux.HandleFunc("GET /visitor", s.introduce)
	mux.HandleFunc("POST /orders", s.order)
	return mux
}

func (s *Site) redirect(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/p/"+r.PathValue("n"), http.StatusFound)
}

// away redirects to the same page of the next site in the configuration, or to
// the site itself when it is alone.
func (s *Site) away(w http.ResponseWriter, r *http.Request) {
	next, hosts := s, s.web.hosts
	if i := slices.Index(hosts, s.host); i >= 0 {
		next = s.web.sites[hosts[(i+1)%len(hosts)]]
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 {
		http.NotFound(w, r)
		return
	}
	http.Redirect(w, r, next.URL(pagePath((n-1)%next.pages+1)), http.StatusFound)
}

// introduce tells a visitor how the site sees them: what a judge of egresses and
// header profiles wants to know.
func (s *Site) introduce(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"address": VisitorOf(r).Address,
		"direct":  VisitorOf(r).Proxy == nil,
		"proto":   r.Proto,
		"headers": r.Header,
	})
}

// dice returns random numbers that follow from the web's seed, the site and what
// they are drawn for.
func (s *Site) dice(purpose string, of ...string) *rand.Rand {
	sum := s.sum(purpose, of...)
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])))
}

// sum hashes the web's seed, the site and a purpose.
func (s *Site) sum(purpose string, of ...string) [sha256.Size]byte {
	key := fmt.Sprintf("%d\x00%s\x00%s\x00%s", s.web.seed, s.host, purpose, strings.Join(of, "\x00"))
	return sha256.Sum256([]byte(key))
}
