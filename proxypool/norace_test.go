//go:build !race

package proxypool_test

const (
	defaultSeeds = 10
	raced        = false
)
