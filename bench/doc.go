// Command bench compares godwit with its peers on a stub that answers at once, so
// that only the wrappers count:
//
//	go run .
//
// Timings on a shared machine are noise and differ between machines, so it prints
// ratios of one run. The contenders take turns in short rounds, and each is judged
// by the first quartile of the CPU time that the process spent per call, garbage
// collection included. Nothing passes or fails by time.
//
//	go test -bench .
//
// has the same contenders as ordinary benchmarks.
package main
