package headers_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/internal/rttest"
	"github.com/godwit-go/godwit/trip"
	"github.com/stretchr/testify/require"
)

func TestDecoderKeepsTheContract(t *testing.T) {
	rttest.Contract(t, func(base http.RoundTripper) http.RoundTripper {
		return decoder(t, base, headers.DecodeConfig{})
	})
}

func TestAReferenceAcrossALargeWindowIsFound(t *testing.T) {
	noise := make([]byte, 2<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	start := page(200_000)
	for name, plain := range map[string][]byte{
		"noise twice": append(bytes.Clone(noise), noise...),
		"sparse":      bytes.Join([][]byte{start, make([]byte, 300_000), start, make([]byte, 900_000), start}, nil),
	} {
		for _, kind := range []string{"br wide", "zstd wide", "zstd segment"} {
			t.Run(name+" "+kind, func(t *testing.T) {
				body := pack(t, kind, plain)
				resp := get(t, decoder(t, packed(packers[kind].coding, body), headers.DecodeConfig{}))
				got, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.True(t, bytes.Equal(plain, got), "got %d bytes", len(got))
			})
		}
	}
}

func TestAWindowOver8MiBIsRefused(t *testing.T) {
	// A frame with a window of 16 MiB and one empty block.
	_, err := decode(t, headers.DecodeConfig{}, "zstd", []byte{0x28, 0xb5, 0x2f, 0xfd, 0, (24 - 10) << 3, 1, 0, 0})
	var tooLarge *headers.BodyTooLargeError
	require.ErrorAs(t, err, &tooLarge)
	require.Equal(t, headers.BoundWindow, tooLarge.Bound)
}

func TestBodiesThatComeInBitsAreDecodedInBits(t *testing.T) {
	plain := page(70_000)
	for kind, p := range packers {
		t.Run(kind, func(t *testing.T) {
			body := pack(t, kind, plain)
			base := packed(p.coding, body)
			base.body = func() io.ReadCloser { return io.NopCloser(iotest.HalfReader(bytes.NewReader(body))) }
			got, err := io.ReadAll(iotest.OneByteReader(get(t, decoder(t, base, headers.DecodeConfig{})).Body))
			require.NoError(t, err)
			require.True(t, bytes.Equal(plain, got))
		})
	}
}

// A server that flushes expects its reader to see what has been sent so far.
func TestWhatHasArrivedIsDecodedBeforeTheRest(t *testing.T) {
	for _, kind := range []string{"gzip", "zlib", "bare deflate", "br", "br wide", "zstd", "zstd wide"} {
		t.Run(kind, func(t *testing.T) {
			pr, pw := io.Pipe()
			base := packed(packers[kind].coding, nil)
			base.length = -1
			base.body = func() io.ReadCloser { return pr }
			body := get(t, decoder(t, base, headers.DecodeConfig{})).Body
			var wg sync.WaitGroup
			defer wg.Wait()
			seen := make(chan struct{})
			wg.Go(func() {
				w := packers[kind].pack(pw)
				for range 3 {
					_, _ = w.Write([]byte("event"))
					_ = w.(interface{ Flush() error }).Flush()
					<-seen
				}
				_ = w.Close()
				_ = pw.Close()
			})
			buf := make([]byte, 5)
			for range 3 {
				_, err := io.ReadFull(body, buf)
				require.NoError(t, err)
				require.Equal(t, "event", string(buf))
				seen <- struct{}{}
			}
			rest, err := io.ReadAll(body)
			require.NoError(t, err)
			require.Empty(t, rest)
		})
	}
}

func TestWrappingWithoutContentEndsAtTheCap(t *testing.T) {
	nothing := bytes.Repeat(pack(t, "gzip", nil), 100)
	base := packed("gzip", nil)
	base.length = -1
	base.body = func() io.ReadCloser { return io.NopCloser(&endless{part: nothing}) }
	n, err := io.Copy(io.Discard, get(t, decoder(t, base, headers.DecodeConfig{MaxBytes: 1})).Body)
	require.Zero(t, n)
	require.ErrorIs(t, err, headers.ErrBodyTooLarge)
}

// endless repeats part.
type endless struct {
	part []byte
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.part[e.at:])
	e.at = (e.at + n) % len(e.part)
	return n, nil
}

type countingCloser struct {
	io.Reader
	closed int
	err    error
}

func (c *countingCloser) Close() error {
	c.closed++
	return c.err
}

// A tape of a whole download would be as large as what it is to save.
func TestTheTapeStaysSmall(t *testing.T) {
	const block = 128 << 10
	raw := append([]byte{0, 0, block << 3 >> 16}, make([]byte, block)...)
	base := packed("zstd", nil)
	base.body = func() io.ReadCloser {
		return io.NopCloser(io.MultiReader(bytes.NewReader([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, (23 - 10) << 3}), &endless{part: raw}))
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	body := get(t, decoder(t, base, headers.DecodeConfig{})).Body
	_, err := io.CopyN(io.Discard, body, 30<<20)
	require.NoError(t, err)
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.NoError(t, body.Close())
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(16<<20))
}

// Streams that look like bombs take turns, but none is kept out for good, and one
// that is closed while it is read makes room.
func TestSuspectsTakeTurns(t *testing.T) {
	suspect := bomb(t, "br wide", 3<<20)
	suspect = suspect[:len(suspect)/3] // decodes to more than the first window, and then waits for the rest
	synctest.Test(t, func(t *testing.T) {
		base := packed("br", nil)
		base.body = func() io.ReadCloser {
			pr, pw := io.Pipe()
			go func() { _, _ = pw.Write(suspect) }()
			return pr
		}
		d := decoder(t, base, headers.DecodeConfig{})
		var inside atomic.Int32
		bodies := make(chan io.ReadCloser, 30)
		for range 20 {
			body := get(t, d).Body
			go func() {
				_, _ = io.ReadFull(body, make([]byte, 300<<10))
				inside.Add(1)
				bodies <- body
				_, _ = io.Copy(io.Discard, body)
			}()
		}
		synctest.Wait()
		require.EqualValues(t, 8, inside.Load(), "of those that come at once")
		for range 5 {
			require.NoError(t, (<-bodies).Close())
		}
		synctest.Wait()
		require.EqualValues(t, 13, inside.Load(), "after five were closed")
		time.Sleep(time.Minute)
		require.EqualValues(t, 20, inside.Load(), "after a while")
		for range 15 {
			require.NoError(t, (<-bodies).Close())
		}
	})
}

func TestCloseClosesOnceAndSaysTheSame(t *testing.T) {
	raw := &countingCloser{Reader: bytes.NewReader(pack(t, "gzip", page(100_000))), err: io.ErrClosedPipe}
	base := packed("gzip", nil)
	base.length = -1
	base.body = func() io.ReadCloser { return raw }
	body := get(t, decoder(t, base, headers.DecodeConfig{})).Body
	_, err := io.ReadFull(body, make([]byte, 10))
	require.NoError(t, err)
	require.Equal(t, io.ErrClosedPipe, body.Close())
	require.Equal(t, io.ErrClosedPipe, body.Close())
	require.Equal(t, 1, raw.closed)
	_, err = body.Read(make([]byte, 10))
	require.ErrorIs(t, err, http.ErrBodyReadAfterClose)
}

// Regression for the class of resty's CVE-2023-45286: a buffer that is in a pool
// twice mixes the bodies of different responses.
func TestBodiesOfManyRequestsNeverMix(t *testing.T) {
	kinds := []string{"gzip", "zlib", "bare deflate", "br", "zstd"}
	var serial atomic.Uint64
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		id := serial.Add(1)
		kind := kinds[id%uint64(len(kinds))]
		base := packed(packers[kind].coding, pack(t, kind, bytes.Repeat(fmt.Appendf(nil, "%08d", id), 3000)))
		base.header.Set("Id", fmt.Sprintf("%08d", id))
		return base.RoundTrip(req)
	})
	d := decoder(t, base, headers.DecodeConfig{})
	var wg sync.WaitGroup
	for worker := range 64 {
		wg.Go(func() {
			for round := range 4 {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://a.test/", nil)
				if err != nil {
					t.Error(err)
					return
				}
				resp, _ := d.RoundTrip(req)
				switch (worker + round) % 3 {
				case 0: // left half-way, closed twice
					_, _ = io.CopyN(io.Discard, resp.Body, 9000)
					_ = resp.Body.Close()
				case 1: // closed while it is read
					done := make(chan struct{})
					go func() {
						defer close(done)
						_, _ = io.Copy(io.Discard, resp.Body)
					}()
					_ = resp.Body.Close()
					<-done
				case 2:
					got, err := io.ReadAll(resp.Body)
					if want := bytes.Repeat([]byte(resp.Header.Get("Id")), 3000); err != nil || !bytes.Equal(want, got) {
						t.Errorf("body of %s: %d bytes, %v", resp.Header.Get("Id"), len(got), err)
					}
				}
				_ = resp.Body.Close()
			}
		})
	}
	wg.Wait()
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestADiscardedBombFreesItsConnection(t *testing.T) {
	body := bomb(t, "zstd", 256<<20)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "zstd")
		_, _ = w.Write(body)
	}))
	defer srv.Close()
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	d := decoder(t, base, headers.DecodeConfig{})
	var dialed int
	for range 5 {
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
			if !c.Reused {
				dialed++
			}
		}})
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
		require.NoError(t, err)
		resp, err := d.RoundTrip(req)
		require.NoError(t, err)
		_, err = io.ReadFull(resp.Body, make([]byte, 100))
		require.NoError(t, err)
		trip.Discard(resp, nil)
	}
	require.Less(t, dialed, 5, "one is enough, if the machine has time to put it back")
}

func TestWhatNetHTTPDecodedIsOnlyCapped(t *testing.T) {
	plain := page(100_000)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(pack(t, "gzip", plain))
	}))
	defer srv.Close()
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	for limit, tooLarge := range map[int64]bool{100_000: false, 99_999: true, -1: false} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
		require.NoError(t, err)
		resp, err := decoder(t, base, headers.DecodeConfig{MaxBytes: limit}).RoundTrip(req)
		require.NoError(t, err)
		require.True(t, resp.Uncompressed)
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, resp.Body.Close())
		if !tooLarge {
			require.NoError(t, err)
			require.True(t, bytes.Equal(plain, got))
			continue
		}
		require.ErrorIs(t, err, headers.ErrBodyTooLarge)
		require.True(t, bytes.Equal(plain[:limit], got))
		_, err = resp.Body.Read(make([]byte, 1))
		require.ErrorIs(t, err, headers.ErrBodyTooLarge, "an error stays")
	}
}

// FuzzDecode feeds streams that are whole, damaged or nonsense and expects the same
// result however the body is read, within the bounds.
func FuzzDecode(f *testing.F) {
	cfg := headers.DecodeConfig{MaxBytes: 1 << 20}
	for _, kind := range []string{"gzip", "zlib", "bare deflate", "br", "br wide", "zstd", "zstd sums", "zstd segment"} {
		body := pack(f, kind, page(3000))
		f.Add(packers[kind].coding, body)
		f.Add(packers[kind].coding+", gzip", pack(f, "gzip", body))
		body[len(body)/2] ^= 0x10
		f.Add(packers[kind].coding, body)
	}
	f.Fuzz(func(t *testing.T, codings string, body []byte) {
		base := packed(codings, body)
		d := decoder(t, base, cfg)
		resp := get(t, d)
		whole, err := io.ReadAll(resp.Body)
		if resp.Uncompressed && int64(len(whole)) > cfg.MaxBytes {
			t.Fatalf("%d bytes beyond the cap", len(whole))
		}
		base.body = func() io.ReadCloser { return io.NopCloser(iotest.OneByteReader(bytes.NewReader(body))) }
		again, errAgain := io.ReadAll(iotest.HalfReader(get(t, decoder(t, base, cfg)).Body))
		require.Equal(t, err == nil, errAgain == nil, "%v, %v", err, errAgain)
		if err == nil {
			require.True(t, bytes.Equal(whole, again))
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, kind := range []string{"gzip", "zlib", "br", "zstd", "zstd wide"} {
		plain := page(60_000)
		body := pack(b, kind, plain)
		b.Run(kind, func(b *testing.B) {
			d := decoder(b, packed(packers[kind].coding, body), headers.DecodeConfig{})
			req := httptest.NewRequest(http.MethodGet, "http://a.test/", nil)
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			buf := make([]byte, 32<<10)
			for b.Loop() {
				resp, _ := d.RoundTrip(req)
				for {
					if _, err := resp.Body.Read(buf); err != nil {
						break
					}
				}
				_ = resp.Body.Close()
			}
		})
	}
}
