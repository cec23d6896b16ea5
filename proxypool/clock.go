package proxypool

import "time"

// A clock turns times into nanoseconds and back. It goes by the monotonic reading
// of times that have one, so that a step of the machine's clock neither opens a
// gate nor keeps it shut.
type clock struct {
	start time.Time
	nanos int64 // of start, since 1970
}

func newClock() clock {
	now := time.Now()
	return clock{now, now.UnixNano()}
}

// at returns t in nanoseconds since 1970. What is too early or too late to be told
// so comes next to the first and the last that is not.
func (c *clock) at(t time.Time) int64 {
	return c.nanos + min(max(int64(t.Sub(c.start)), 1-c.nanos), farthest)
}

// farthest is how far from the start the latest time is: far enough, and no gate
// that begins then ends after the last nanosecond there is.
const farthest = int64(70 * 365 * 24 * time.Hour)

func (c *clock) now() int64 { return c.at(time.Now()) }

// time is the inverse of at.
func (c *clock) time(at int64) time.Time { return c.start.Add(time.Duration(at - c.nanos)) }

// wall is time for those who keep it or show it.
func (c *clock) wall(at int64) time.Time { return c.time(at).Round(0) }
