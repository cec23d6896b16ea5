// Package proxypool makes a pool of mixed, dying, slow, banned and flapping
// proxies behave as if it were a good one, and sees to it that nothing ever leaves
// by the wrong way.
//
//	transport, err := proxypool.New(nil, proxypool.Config{File: "proxies.txt"})
//	client := &http.Client{Transport: transport}
//
// A [Pool] leases identities: a proxy, a seed for the header profile and a cookie
// jar, which a target sees as one visitor. [Pool.Wrap] is the lease layer of a
// chain of wrappers and [Pool.Egress] its bottom, with one http.Transport per
// proxy; [New] is both. [Pool.Pick] and [Lease.Done] are the engine under them,
// which knows no HTTP and takes the time as an argument.
//
// # Selection
//
// Every outcome is evidence, about the connectivity of the proxy or about what
// one domain thinks of it; old evidence fades. Faults in a row close the gate of a
// proxy, blocks in a row that of a proxy on one domain, each time for twice as
// long; then single first attempts find out whether it is back. Among those whose
// gates are open, the best of three random ones is taken: by success, speed, load
// and heat, the recent requests in comparison with a fair share. That keeps load
// away from bad proxies without piling it on the best ones, which is how good
// proxies get banned. The nearer the heat comes to a pace that the domain banned
// for, or may ban for, the more evenly all proxies are used, slow ones too.
//
// A failure that may be the target's as well is held against a proxy only as far
// as others do better on the same domain. When few proxies are left, gates
// shorten, the less the more of that was in vain; when next to none is, the best of
// the gated ones is taken. The machine's own address is never used, unless
// [Config.Direct] says so: without a usable proxy a request fails with [ErrNoProxy].
package proxypool
