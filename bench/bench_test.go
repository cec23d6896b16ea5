package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func BenchmarkWrapper(b *testing.B) {
	for _, c := range contenders() {
		b.Run(c.name, func(b *testing.B) {
			call, err := c.call()
			require.NoError(b, err)
			repeat(b, call)
		})
	}
}

func BenchmarkPick(b *testing.B) {
	for _, p := range pickers() {
		b.Run(p.name, func(b *testing.B) {
			pick, err := p.make(proxies(1000))
			require.NoError(b, err)
			repeat(b, pick)
		})
	}
}

func repeat(b *testing.B, call func() error) {
	b.ReportAllocs()
	for b.Loop() {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
}

// The comparison is one of like with like only if every contender gets its calls
// through.
func TestEveryContenderAnswers(t *testing.T) {
	require.NoError(t, run(1, time.Microsecond))
}
