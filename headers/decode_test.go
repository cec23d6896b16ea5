package headers_test

import (
	"bytes"
	stdflate "compress/flate"
	stdgzip "compress/gzip"
	stdzlib "compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/trip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// packers makes each kind of stream that servers send.
var packers = map[string]struct {
	coding string
	pack   func(io.Writer) io.WriteCloser
}{
	"gzip":         {"gzip", func(w io.Writer) io.WriteCloser { return stdgzip.NewWriter(w) }},
	"x-gzip":       {"X-Gzip", func(w io.Writer) io.WriteCloser { return stdgzip.NewWriter(w) }},
	"zlib":         {"deflate", func(w io.Writer) io.WriteCloser { return stdzlib.NewWriter(w) }},
	"bare deflate": {"deflate", bareDeflate},
	"br":           {"br", func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 5) }},
	"br wide":      {"br", func(w io.Writer) io.WriteCloser { return wideBrotli(w) }},
	"zstd":         {"zstd", func(w io.Writer) io.WriteCloser { return zstdWriter(w) }},
	"zstd wide":    {"zstd", func(w io.Writer) io.WriteCloser { return zstdWriter(w, zstd.WithWindowSize(8<<20)) }},
	"zstd sums":    {"zstd", func(w io.Writer) io.WriteCloser { return zstdWriter(w, zstd.WithEncoderCRC(true)) }},
	"zstd segment": {"zstd", func(w io.Writer) io.WriteCloser { return &zstdOnce{w: w} }},
}

func bareDeflate(w io.Writer) io.WriteCloser {
	fw, err := stdflate.NewWriter(w, stdflate.BestSpeed)
	if err != nil {
		panic(err)
	}
	return fw
}

func wideBrotli(w io.Writer) io.WriteCloser {
	return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: 5, LGWin: 24})
}

func zstdWriter(w io.Writer, opts ...zstd.EOption) io.WriteCloser {
	zw, err := zstd.NewWriter(w, append([]zstd.EOption{zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false)}, opts...)...)
	if err != nil {
		panic(err)
	}
	return zw
}

// zstdOnce packs all at once, which makes a single segment of known length.
type zstdOnce struct {
	w   io.Writer
	all bytes.Buffer
}

func (z *zstdOnce) Write(p []byte) (int, error) { return z.all.Write(p) }

func (z *zstdOnce) Close() error {
	zw, err := zstd.NewWriter(nil, zstd.WithSingleSegment(true))
	if err != nil {
		return err
	}
	_, err = z.w.Write(zw.EncodeAll(z.all.Bytes(), nil))
	return err
}

func pack(t testing.TB, kind string, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := packers[kind].pack(&b)
	_, err := w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// answers is a base that answers every request the same way.
type answers struct {
	status int
	header http.Header
	body   func() io.ReadCloser
	length int64
}

func (a answers) RoundTrip(req *http.Request) (*http.Response, error) {
	trip.CloseBody(req)
	resp := &http.Response{StatusCode: a.status, Header: a.header.Clone(), Body: http.NoBody, ContentLength: a.length, Request: req}
	if resp.StatusCode == 0 {
		resp.StatusCode = http.StatusOK
	}
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	if a.body != nil {
		resp.Body = a.body()
	}
	return resp, nil
}

func packed(codings string, body []byte) answers {
	return answers{
		header: http.Header{"Content-Encoding": {codings}, "Content-Length": {fmt.Sprint(len(body))}, "Etag": {`"e"`}},
		body:   func() io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) },
		length: int64(len(body)),
	}
}

func decoder(t testing.TB, base http.RoundTripper, cfg headers.DecodeConfig) *headers.Decoder {
	t.Helper()
	d, err := headers.NewDecoder(base, cfg)
	require.NoError(t, err)
	return d
}

func get(t testing.TB, rt http.RoundTripper) *http.Response {
	t.Helper()
	return fetch(t, rt, t.Context(), http.MethodGet)
}

func fetch(t testing.TB, rt http.RoundTripper, ctx context.Context, method string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "http://a.test/", nil)
	require.NoError(t, err)
	resp, err := rt.RoundTrip(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// decode reads body as the answer to a request.
func decode(t testing.TB, cfg headers.DecodeConfig, codings string, body []byte) ([]byte, error) {
	t.Helper()
	return io.ReadAll(get(t, decoder(t, packed(codings, body), cfg)).Body)
}

// page is text that no window of 64 KiB holds and whose ends resemble each other.
func page(size int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(size)))
	var b bytes.Buffer
	for b.Len() < size {
		fmt.Fprintf(&b, "<li id=%d class=%x>item %d of the list</li>\n", b.Len(), r.Uint32(), r.IntN(99))
	}
	return b.Bytes()[:size]
}

func TestEveryCodingIsUndone(t *testing.T) {
	for kind, p := range packers {
		for _, size := range []int{1, 1000, 400_000} {
			t.Run(fmt.Sprint(kind, " ", size), func(t *testing.T) {
				plain := page(size)
				resp := get(t, decoder(t, packed(p.coding, pack(t, kind, plain)), headers.DecodeConfig{}))
				got, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.True(t, bytes.Equal(plain, got), "got %d bytes", len(got))
				require.Equal(t, http.Header{"Etag": {`"e"`}}, resp.Header)
				require.EqualValues(t, -1, resp.ContentLength)
				require.True(t, resp.Uncompressed)
				n, err := resp.Body.Read(make([]byte, 1))
				require.Zero(t, n)
				require.Equal(t, io.EOF, err, "the end stays the end")
			})
		}
	}
}

func TestStackedCodingsAreUndoneInReverse(t *testing.T) {
	plain := page(50_000)
	body := pack(t, "br", pack(t, "gzip", plain))
	for name, lines := range map[string][]string{
		"one line":      {"gzip, br"},
		"two lines":     {"gzip", "br"},
		"with identity": {"identity,gzip , identity", "BR,"},
	} {
		t.Run(name, func(t *testing.T) {
			base := packed("", body)
			base.header["Content-Encoding"] = lines
			resp := get(t, decoder(t, base, headers.DecodeConfig{}))
			got, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.True(t, bytes.Equal(plain, got))
			require.Empty(t, resp.Header.Values("Content-Encoding"))
		})
	}
}

func TestWhatCannotOrMustNotBeDecodedIsLeftAlone(t *testing.T) {
	keep := func(ctx context.Context) context.Context { return ctx }
	for name, c := range map[string]struct {
		method  string
		status  int
		codings []string
		ctx     func(context.Context) context.Context
	}{
		"no coding":       {"GET", 200, nil, keep},
		"no element":      {"GET", 200, []string{" , "}, keep},
		"identity":        {"GET", 200, []string{"identity"}, keep},
		"unknown":         {"GET", 200, []string{"compress"}, keep},
		"unknown inside":  {"GET", 200, []string{"aes128gcm, gzip"}, keep},
		"three codings":   {"GET", 200, []string{"gzip, gzip, gzip"}, keep},
		"three lines":     {"GET", 200, []string{"gzip", "br", "zstd"}, keep},
		"HEAD":            {"HEAD", 200, []string{"gzip"}, keep},
		"no content":      {"GET", 204, []string{"gzip"}, keep},
		"not modified":    {"GET", 304, []string{"gzip"}, keep},
		"part of a range": {"GET", 206, []string{"gzip"}, keep},
		"by request":      {"GET", 200, []string{"gzip"}, headers.WithoutDecoding},
	} {
		t.Run(name, func(t *testing.T) {
			raw := io.NopCloser(strings.NewReader("as sent"))
			base := answers{
				status: c.status, length: 7, body: func() io.ReadCloser { return raw },
				header: http.Header{"Content-Encoding": c.codings, "Content-Length": {"7"}},
			}
			resp := fetch(t, decoder(t, base, headers.DecodeConfig{}), c.ctx(t.Context()), c.method)
			require.Equal(t, base.header, resp.Header)
			require.EqualValues(t, 7, resp.ContentLength)
			require.False(t, resp.Uncompressed)
			require.Equal(t, raw, resp.Body)
		})
	}
}

type duplex struct {
	io.Reader
	io.Writer
}

func (duplex) Close() error { return nil }

func TestASwitchedProtocolStaysWritable(t *testing.T) {
	base := packed("gzip", nil)
	base.status, base.length = http.StatusSwitchingProtocols, -1
	base.body = func() io.ReadCloser { return duplex{} }
	require.Implements(t, (*io.Writer)(nil), get(t, decoder(t, base, headers.DecodeConfig{})).Body)
}

// A base that is no net/http transport may leave ContentLength at 0.
func TestABodyIsDecodedWhateverItsLengthIsSaidToBe(t *testing.T) {
	for _, length := range []int64{-1, 0, 7} {
		base := packed("gzip", pack(t, "gzip", []byte("page")))
		base.length = length
		got, err := io.ReadAll(get(t, decoder(t, base, headers.DecodeConfig{})).Body)
		require.NoError(t, err)
		require.Equal(t, "page", string(got))
	}
}

func TestAnEmptyBodyIsEmptyInEveryCoding(t *testing.T) {
	for kind, p := range packers {
		t.Run(kind+" of nothing", func(t *testing.T) {
			got, err := decode(t, headers.DecodeConfig{}, p.coding, nil)
			require.NoError(t, err)
			require.Empty(t, got)
		})
		t.Run(kind+" stream of nothing", func(t *testing.T) {
			got, err := decode(t, headers.DecodeConfig{}, p.coding, pack(t, kind, nil))
			require.NoError(t, err)
			require.Empty(t, got)
		})
	}
	got, err := decode(t, headers.DecodeConfig{}, "br, gzip", pack(t, "gzip", nil))
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestATruncatedStreamIsAnUnexpectedEndWhereverItIsCut(t *testing.T) {
	plain := page(2000)
	for kind, p := range packers {
		t.Run(kind, func(t *testing.T) {
			body := pack(t, kind, plain)
			for cut := 1; cut < len(body); cut++ {
				got, err := decode(t, headers.DecodeConfig{}, p.coding, body[:cut])
				require.Equal(t, io.ErrUnexpectedEOF, err, "cut at %d of %d", cut, len(body))
				require.True(t, bytes.HasPrefix(plain, got), "cut at %d", cut)
			}
			got, err := decode(t, headers.DecodeConfig{}, "br, gzip", pack(t, "gzip", pack(t, "br", plain)[:100]))
			require.Equal(t, io.ErrUnexpectedEOF, err, "inside of a whole stream")
			require.True(t, bytes.HasPrefix(plain, got))
		})
	}
}

func TestBytesBehindTheStreamAreIgnored(t *testing.T) {
	plain := page(2000)
	for kind, p := range packers {
		for _, garbage := range []string{"\x00", "\r\n", "<!-- served in 3 ms -->", strings.Repeat("\x00", 5000), "\x1f\x8bno header"} {
			t.Run(fmt.Sprintf("%s %.8q", kind, garbage), func(t *testing.T) {
				body := append(pack(t, kind, plain), garbage...)
				raw := bytes.NewReader(body)
				base := packed(p.coding, body)
				base.body = func() io.ReadCloser { return io.NopCloser(raw) }
				got, err := io.ReadAll(get(t, decoder(t, base, headers.DecodeConfig{})).Body)
				require.NoError(t, err)
				require.True(t, bytes.Equal(plain, got))
				require.Zero(t, raw.Len(), "the connection sees no end of the body")
			})
		}
	}
}

func TestMembersAndFramesFollowOneAnother(t *testing.T) {
	a, b := page(1000), page(400_000)
	skippable := append([]byte{0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0}, "abc"...)
	var named bytes.Buffer
	zw := stdgzip.NewWriter(&named)
	zw.Name = "a name"
	require.NoError(t, zw.Close())
	for _, c := range []struct {
		kind  string
		parts [][]byte
	}{
		{"gzip", [][]byte{pack(t, "gzip", a), pack(t, "gzip", nil), named.Bytes(), pack(t, "gzip", b)}},
		{"zstd", [][]byte{skippable, pack(t, "zstd", a), skippable, pack(t, "zstd wide", nil), pack(t, "zstd wide", b)}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			body := bytes.Join(c.parts, nil)
			got, err := decode(t, headers.DecodeConfig{}, c.kind, body)
			require.NoError(t, err)
			require.True(t, bytes.Equal(append(bytes.Clone(a), b...), got))
			_, err = decode(t, headers.DecodeConfig{}, c.kind, body[:len(body)-1])
			require.Equal(t, io.ErrUnexpectedEOF, err)
		})
	}
	_, err := decode(t, headers.DecodeConfig{}, "gzip", append(pack(t, "gzip", a), named.Bytes()[:13]...))
	require.Equal(t, io.ErrUnexpectedEOF, err, "inside of the name")
}

func TestAFailingConnectionShowsItsOwnError(t *testing.T) {
	reset := errors.New("connection reset")
	for kind, p := range packers {
		for _, size := range []int{100, 100_000} {
			t.Run(fmt.Sprint(kind, size), func(t *testing.T) {
				body := pack(t, kind, page(size))
				for _, cut := range []int{0, 1, 3, len(body) / 2, len(body) - 1, len(body)} {
					base := packed(p.coding, body)
					base.body = func() io.ReadCloser {
						return io.NopCloser(io.MultiReader(bytes.NewReader(body[:cut]), iotest.ErrReader(reset)))
					}
					_, err := io.ReadAll(get(t, decoder(t, base, headers.DecodeConfig{})).Body)
					require.Equal(t, reset, err, "after %d of %d", cut, len(body))
				}
			})
		}
	}
}

func TestACorruptBodyNamesItsCoding(t *testing.T) {
	for kind, p := range packers {
		t.Run(kind, func(t *testing.T) {
			resp := get(t, decoder(t, packed(p.coding, []byte("<html>not packed at all, says the server</html>")), headers.DecodeConfig{}))
			_, err := io.ReadAll(resp.Body)
			require.ErrorIs(t, err, headers.ErrCorruptBody)
			var corrupt *headers.CorruptBodyError
			require.ErrorAs(t, err, &corrupt)
			require.Equal(t, strings.TrimPrefix(strings.ToLower(p.coding), "x-"), corrupt.Coding)
			require.Equal(t, trip.TargetError, trip.Classify(t.Context(), nil, err).Verdict)
			_, again := resp.Body.Read(make([]byte, 1))
			require.Equal(t, err, again, "an error stays")
		})
	}
	body := pack(t, "gzip", page(1000))
	body[len(body)-6] ^= 1 // in the checksum
	_, err := decode(t, headers.DecodeConfig{}, "gzip", body)
	require.ErrorIs(t, err, headers.ErrCorruptBody)
}

func TestABodyMayBeAsLargeAsTheCapAndNoLarger(t *testing.T) {
	const limit = 100_000
	cfg := headers.DecodeConfig{MaxBytes: limit}
	for kind, p := range packers {
		t.Run(kind, func(t *testing.T) {
			got, err := decode(t, cfg, p.coding, pack(t, kind, page(limit)))
			require.NoError(t, err)
			require.Len(t, got, limit)

			plain := page(limit + 1)
			got, err = decode(t, cfg, p.coding, pack(t, kind, plain))
			require.ErrorIs(t, err, headers.ErrBodyTooLarge)
			var tooLarge *headers.BodyTooLargeError
			require.ErrorAs(t, err, &tooLarge)
			require.Equal(t, headers.BoundBytes, tooLarge.Bound)
			require.EqualValues(t, limit, tooLarge.Limit)
			require.True(t, bytes.Equal(plain[:limit], got))
			require.Equal(t, trip.Local, trip.Classify(t.Context(), nil, err).Verdict, "it is nobody's failure")

			got, err = decode(t, headers.DecodeConfig{MaxBytes: -1}, p.coding, pack(t, kind, plain))
			require.NoError(t, err)
			require.Len(t, got, limit+1)
		})
	}
}

func TestTheRatioCountsBeyondTheFloor(t *testing.T) {
	zeros := make([]byte, 2<<20)
	for _, kind := range []string{"gzip", "bare deflate", "br wide", "zstd"} {
		p := packers[kind]
		t.Run(kind, func(t *testing.T) {
			got, err := decode(t, headers.DecodeConfig{}, p.coding, pack(t, kind, zeros[:headers.DecodeRatioFloor]))
			require.NoError(t, err)
			require.Len(t, got, headers.DecodeRatioFloor)

			got, err = decode(t, headers.DecodeConfig{}, p.coding, pack(t, kind, zeros))
			var tooLarge *headers.BodyTooLargeError
			require.ErrorAs(t, err, &tooLarge)
			require.Equal(t, headers.BoundRatio, tooLarge.Bound)
			require.Less(t, len(got), len(zeros))
			require.Contains(t, err.Error(), "200 times")

			got, err = decode(t, headers.DecodeConfig{MaxRatio: -1}, p.coding, pack(t, kind, zeros))
			require.NoError(t, err)
			require.Len(t, got, len(zeros))
		})
	}
}

func TestAnImpossibleRatioIsRefused(t *testing.T) {
	_, err := headers.NewDecoder(nil, headers.DecodeConfig{MaxRatio: 2})
	require.ErrorContains(t, err, "MaxRatio: 2, want at least 10")
}

// bomb packs size zeros, in whole MiB, but compresses only the first two of them
// and repeats the second.
func bomb(t testing.TB, kind string, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := packers[kind].pack(&b)
	mebibyte := func() []byte {
		_, err := w.Write(make([]byte, 1<<20))
		require.NoError(t, err)
		require.NoError(t, w.(interface{ Flush() error }).Flush())
		return bytes.Clone(b.Next(b.Len()))
	}
	return append(mebibyte(), bytes.Repeat(mebibyte(), size>>20-1)...)
}

// bombs are bodies of a few KiB that decode to 256 MiB.
func bombs(t testing.TB) map[string]answers {
	t.Helper()
	const size = 256 << 20
	all := make(map[string]answers)
	for _, kind := range []string{"gzip", "br wide", "zstd wide"} {
		all[kind] = packed(packers[kind].coding, bomb(t, kind, size))
	}
	all["gzip in br"] = packed("gzip, br", pack(t, "br", bomb(t, "gzip", size)))
	return all
}

func TestABombIsABomb(t *testing.T) {
	for _, kind := range []string{"gzip", "br", "zstd wide"} {
		n, err := io.Copy(io.Discard, get(t, decoder(t, packed(packers[kind].coding, bomb(t, kind, 10<<20)), headers.DecodeConfig{MaxBytes: -1, MaxRatio: -1})).Body)
		require.Equal(t, io.ErrUnexpectedEOF, err, kind)
		require.EqualValues(t, 10<<20, n, kind)
	}
}

func TestAHundredBombsAtOnceStayBelow64MiB(t *testing.T) {
	for kind, base := range bombs(t) {
		t.Run(kind, func(t *testing.T) {
			d := decoder(t, base, headers.DecodeConfig{})
			var wg sync.WaitGroup
			var ended, stopped atomic.Int32
			debug.FreeOSMemory()
			for range bombsAtOnce {
				wg.Go(func() {
					n, err := io.Copy(io.Discard, get(t, d).Body)
					defer ended.Add(1)
					if errors.Is(err, headers.ErrBodyTooLarge) && n <= 2*headers.DecodeRatioFloor {
						stopped.Add(1)
					}
				})
			}
			var peak uint64
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for alive := true; alive; <-tick.C {
				var mem runtime.MemStats
				runtime.ReadMemStats(&mem)
				peak = max(peak, mem.HeapAlloc)
				alive = ended.Load() < bombsAtOnce
			}
			wg.Wait()
			require.EqualValues(t, bombsAtOnce, stopped.Load())
			t.Logf("peak heap %d KiB", peak>>10)
			require.Less(t, peak, uint64(64<<20))
		})
	}
}
