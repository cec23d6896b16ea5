//go:build !race

package headers_test

const bombsAtOnce = 100
