package proxypool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Reload reads the sources again. Proxies that stay keep their history, even with
// another password; those that go take no new attempt, finish the ones they have
// and lose their connections. When a source cannot be read or a line is wrong,
// nothing changes and the error says why.
func (p *Pool) Reload(ctx context.Context) error {
	p.reload.Lock()
	defer p.reload.Unlock()
	if p.closed.Load() {
		return ErrClosed
	}
	list, err := p.config.Load().load(ctx)
	if err != nil {
		err = fmt.Errorf("proxypool: pool %q: %w", p.name, err)
		p.reloadErr.Store(&err)
		return err
	}
	p.reloadErr.Store(nil)
	p.apply(list)
	return nil
}

// Reconfigure replaces the configuration and reloads. The pool keeps its name, its
// random numbers and the history of the proxies that stay; transports are built
// anew. When it fails, nothing changes.
func (p *Pool) Reconfigure(ctx context.Context, cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("proxypool: %w", err)
	}
	cfg = cfg.withDefaults()
	cfg.Name = p.name
	p.reload.Lock()
	defer p.reload.Unlock()
	if p.closed.Load() {
		return ErrClosed
	}
	list, err := cfg.load(ctx)
	if err != nil {
		return fmt.Errorf("proxypool: pool %q: %w", p.name, err)
	}
	p.config.Store(&cfg)
	p.routes.closeAll(false)
	p.apply(list)
	p.wind(&cfg)
	return nil
}

// load reads all sources.
func (c *Config) load(ctx context.Context) ([]Proxy, error) {
	if c.Direct {
		return []Proxy{{Label: DirectLabel}}, nil
	}
	var all []Proxy
	for i, a := range c.Proxies {
		proxy, err := ParseProxy(string(a))
		if err != nil {
			return nil, fmt.Errorf("Proxies[%d]: %w", i, err)
		}
		all = append(all, proxy)
	}
	for _, read := range []Source{c.fromFile, c.fromEnv, c.fromURL, c.Source} {
		if read == nil {
			continue
		}
		list, err := read(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	for i := range all {
		if all[i].scheme == "" {
			return nil, errors.New("Source: want proxies made by ParseProxy or ParseList")
		}
	}
	return all, nil
}

func (c *Config) fromFile(context.Context) ([]Proxy, error) {
	if c.File == "" {
		return nil, nil
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, fmt.Errorf("File: %w", err)
	}
	defer f.Close()
	list, err := ParseList(f)
	if err != nil {
		return nil, fmt.Errorf("File %s: %w", c.File, err)
	}
	return list, nil
}

func (c *Config) fromEnv(context.Context) ([]Proxy, error) {
	if c.Env == "" {
		return nil, nil
	}
	text, ok := os.LookupEnv(c.Env)
	if !ok {
		return nil, fmt.Errorf("Env: %s is not set", c.Env)
	}
	list, err := ParseList(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("Env %s: %w", c.Env, err)
	}
	return list, nil
}

// listTimeout limits the fetch of a list.
const listTimeout = 30 * time.Second

// fromURL fetches the list directly: there is no proxy yet to fetch it by. The
// address may hold a key, so that no error of this function quotes it.
func (c *Config) fromURL(ctx context.Context) ([]Proxy, error) {
	if c.URL == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, string(c.URL), nil)
	if err != nil {
		return nil, errors.New("URL: cannot be requested")
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, errors.New("URL: the list cannot be fetched")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("URL: status %d", resp.StatusCode)
	}
	list, err := ParseList(io.LimitReader(resp.Body, MaxListBytes+1))
	if err != nil {
		return nil, fmt.Errorf("URL: %w", err)
	}
	return list, nil
}

// apply makes list the pool's egresses.
func (p *Pool) apply(list []Proxy) {
	old := p.gates.table.Load()
	stay := make(map[string]*egress, len(old.slots))
	accounts := make(map[string]*egress, len(old.slots))
	for _, e := range old.slots {
		if e != nil && !e.gone.Load() {
			stay[slotKey(e.proxy.Load().ID(), e.slot)] = e
			accounts[slotKey(e.proxy.Load().account(), e.slot)] = e
		}
	}
	wanted := expand(list)
	used := make(map[*egress]bool, len(wanted))
	matched := make([]*egress, len(wanted))
	for i, s := range wanted {
		if e := stay[slotKey(s.proxy.ID(), s.slot)]; e != nil {
			matched[i], used[e] = e, true
		}
	}
	for i, s := range wanted {
		if matched[i] != nil {
			continue
		}
		if e := accounts[slotKey(s.proxy.account(), s.slot)]; e != nil && !used[e] {
			matched[i], used[e] = e, true // the same login with another password
		}
	}
	var left []*egress
	for _, e := range old.slots {
		if e != nil && !e.gone.Load() && !used[e] {
			left = append(left, e)
		}
	}
	p.leave(left)
	p.enter(wanted, matched)
	p.freed.wake()
}

func slotKey(id string, slot int) string { return id + "\x00" + strconv.Itoa(slot) }

// A slot is one egress to be: a proxy, or one session of it.
type slot struct {
	proxy Proxy
	slot  int
}

// expand gives each session of a proxy a slot of its own, removes duplicates and
// makes labels unique.
func expand(list []Proxy) []slot {
	var all []slot
	seen := make(map[string]bool, len(list))
	labels := make(map[string]bool, len(list))
	for _, proxy := range list {
		if id := proxy.ID(); seen[id] && proxy.scheme != "" {
			continue
		} else {
			seen[id] = true
		}
		n := 1
		if proxy.hasSessions() {
			if n = proxy.Sessions; n == 0 {
				n = DefaultSessions
			}
		}
		base := proxy.Label
		for i := range n {
			if n > 1 {
				proxy.Label = base + "/" + strconv.Itoa(i+1)
			}
			if labels[proxy.Label] {
				proxy.Label += "~" + proxy.ID()[:8]
			}
			labels[proxy.Label] = true
			all = append(all, slot{proxy, i})
		}
	}
	return all
}

// leave takes egresses out of service.
func (p *Pool) leave(left []*egress) {
	p.gates.leave(left)
	p.domains.all(func(d *domain) {
		for _, e := range left {
			d.forget(e)
		}
	})
	for _, e := range left {
		if e.inFlight() == 0 {
			p.routes.drop(e)
		}
	}
}

// enter puts the wanted egresses into a new table.
func (p *Pool) enter(wanted []slot, matched []*egress) {
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	slots := append([]*egress(nil), p.gates.table.Load().slots...)
	var free []int
	for i, e := range slots {
		if e == nil || e.gone.Load() && e.inFlight() == 0 {
			slots[i] = nil
			free = append(free, i)
		}
	}
	for i, s := range wanted {
		e := matched[i]
		if e != nil {
			if *e.proxy.Load() != s.proxy {
				p.renew(e, s.proxy)
			}
			continue
		}
		e = newEgress(s.proxy, s.slot)
		if len(free) > 0 {
			e.index = uint32(free[0])
			slots[free[0]] = e
			free = free[1:]
		} else {
			e.index = uint32(len(slots))
			slots = append(slots, e)
		}
	}
	tab := newTable(slots)
	p.gates.table.Store(tab)
}

// renew gives an egress the new form of its proxy. Connections with an old login
// are not reused.
func (p *Pool) renew(e *egress, proxy Proxy) {
	e.become(proxy)
	p.routes.drop(e)
}
