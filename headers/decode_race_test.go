//go:build race

package headers_test

// The detector slows decoding down tenfold, so there are fewer bombs with it.
const bombsAtOnce = 20
