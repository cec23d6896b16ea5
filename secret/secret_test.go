package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-go/godwit/secret"
	"github.com/stretchr/testify/require"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func secretFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	write(t, path, content)
	return path
}

func reveal(t *testing.T, v secret.Value) string {
	t.Helper()
	text, err := v.Reveal()
	require.NoError(t, err)
	return text
}

func TestTheZeroValueIsUnset(t *testing.T) {
	var v secret.Value
	require.True(t, v.IsZero())
	require.True(t, secret.Explicit("").IsZero())
	require.Empty(t, v.String())
	require.Empty(t, v.Source())
	require.Empty(t, v.Warnings())
	_, err := v.Reveal()
	require.ErrorIs(t, err, secret.ErrUnset)
}

func TestAnExplicitSecretIsGivenBackAsItIs(t *testing.T) {
	v := secret.Explicit(" k\n")
	require.Equal(t, " k\n", reveal(t, v))
	require.Equal(t, "explicit", v.Source())
	require.False(t, v.IsZero())
}

func TestCopiesAreEqualAndOthersAreNot(t *testing.T) {
	v := secret.Explicit("k")
	w := v
	require.True(t, v == w)
	require.False(t, v == secret.Explicit("k"))
}

func TestTheEnvironmentIsReadAtEachUse(t *testing.T) {
	v := secret.Env("GODWIT_TEST_KEY")
	t.Setenv("GODWIT_TEST_KEY", "")
	_, err := v.Reveal()
	require.ErrorIs(t, err, secret.ErrUnset)
	require.ErrorContains(t, err, "environment GODWIT_TEST_KEY")

	t.Setenv("GODWIT_TEST_KEY", "one\r\n")
	require.Equal(t, "one", reveal(t, v))
	t.Setenv("GODWIT_TEST_KEY", "two")
	require.Equal(t, "two", reveal(t, v))
}

func TestTheFileVariableIsFollowedWhenTheVariableIsAbsent(t *testing.T) {
	v := secret.Env("GODWIT_TEST_KEY")
	t.Setenv("GODWIT_TEST_KEY_FILE", secretFile(t, "from one\n"))
	require.Equal(t, "from one", reveal(t, v))
	t.Setenv("GODWIT_TEST_KEY_FILE", secretFile(t, "from two"))
	require.Equal(t, "from two", reveal(t, v), "the variable points elsewhere now")
	require.Empty(t, v.Warnings())

	t.Setenv("GODWIT_TEST_KEY", "direct")
	require.Equal(t, "direct", reveal(t, v))
	require.Equal(t, []string{"environment GODWIT_TEST_KEY is set and hides GODWIT_TEST_KEY_FILE"}, v.Warnings())

	t.Setenv("GODWIT_TEST_KEY", "")
	t.Setenv("GODWIT_TEST_KEY_FILE", "/nowhere/key")
	_, err := v.Reveal()
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "GODWIT_TEST_KEY_FILE")
}

func TestAChangedFileIsReadAtOnce(t *testing.T) {
	path := secretFile(t, "old-key\n")
	v := secret.File(path)
	require.Equal(t, "old-key", reveal(t, v))
	write(t, path, "newer-key\n")
	require.Equal(t, "newer-key", reveal(t, v))
}

// Kubernetes swaps a symbolic link to a directory; the file keeps its name.
func TestASwappedSymlinkIsFollowedAtOnce(t *testing.T) {
	dir := t.TempDir()
	for _, gen := range []string{"v1", "v2"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, gen), 0o700))
		write(t, filepath.Join(dir, gen, "key"), gen)
	}
	require.NoError(t, os.Symlink("v1", filepath.Join(dir, "data")))
	v := secret.File(filepath.Join(dir, "data", "key"))
	require.Equal(t, "v1", reveal(t, v))

	require.NoError(t, os.Symlink("v2", filepath.Join(dir, "next")))
	require.NoError(t, os.Rename(filepath.Join(dir, "next"), filepath.Join(dir, "data")))
	require.Equal(t, "v2", reveal(t, v))
}

func TestAFileReplacedWithoutATraceIsNoticedWithinMaxAge(t *testing.T) {
	require.Less(t, secret.MaxAge, time.Minute, "an old key must not be used 60 s later")
	path := secretFile(t, "old")
	when := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(path, when, when))
	synctest.Test(t, func(t *testing.T) {
		v := secret.File(path)
		require.Equal(t, "old", reveal(t, v))
		write(t, path, "new") // same inode, same size …
		require.NoError(t, os.Chtimes(path, when, when))
		for range 10 { // … and using the key keeps nothing alive
			time.Sleep(secret.MaxAge / 10)
			_ = reveal(t, v)
		}
		require.Equal(t, "new", reveal(t, v))
	})
}

func TestARotationThatLeavesAGapFailsNoCall(t *testing.T) {
	for name, gap := range map[string]func(path string) error{
		"missing": os.Remove,
		"empty":   func(path string) error { return os.Truncate(path, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			path := secretFile(t, "old")
			synctest.Test(t, func(t *testing.T) {
				v := secret.File(path)
				require.Equal(t, "old", reveal(t, v))
				require.NoError(t, gap(path))
				time.Sleep(secret.MaxAge - 1)
				require.Equal(t, "old", reveal(t, v))
				time.Sleep(time.Nanosecond)
				_, err := v.Reveal()
				var typed *secret.Error
				require.ErrorAs(t, err, &typed)
				require.Equal(t, "file "+path, typed.Source)
				write(t, path, "new")
				require.Equal(t, "new", reveal(t, v))
			})
		})
	}
}

func TestTheGapIsCountedFromTheLastGoodLookNotFromTheFirstReading(t *testing.T) {
	path := secretFile(t, "key")
	synctest.Test(t, func(t *testing.T) {
		v := secret.File(path)
		_ = reveal(t, v)
		time.Sleep(secret.MaxAge - 1)
		_ = reveal(t, v)
		require.NoError(t, os.Remove(path))
		time.Sleep(secret.MaxAge - 1)
		require.Equal(t, "key", reveal(t, v))
	})
}

func TestAFileThatIsNoSecretIsRefused(t *testing.T) {
	_, err := secret.File(secretFile(t, strings.Repeat("x", secret.MaxFileSize+1))).Reveal()
	require.ErrorIs(t, err, secret.ErrTooLarge)
	_, err = secret.File(secretFile(t, "\n")).Reveal()
	require.ErrorIs(t, err, secret.ErrUnset)
	_, err = secret.File(t.TempDir()).Reveal()
	require.Error(t, err)
	require.Equal(t, strings.Repeat("x", secret.MaxFileSize),
		reveal(t, secret.File(secretFile(t, strings.Repeat("x", secret.MaxFileSize)))))
}

func TestAFileEveryUserCanReadIsWarnedAbout(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("the mode does not tell who may read")
		return
	}
	path := secretFile(t, "key")
	v := secret.File(path)
	require.Empty(t, v.Warnings())
	require.NoError(t, os.Chmod(path, 0o640))
	require.Empty(t, v.Warnings())
	require.NoError(t, os.Chmod(path, 0o644))
	require.Equal(t, []string{"file " + path + " can be read by every user (mode 0644), want 0600 or 0640"}, v.Warnings())

	t.Setenv("GODWIT_TEST_KEY_FILE", path)
	require.Equal(t, v.Warnings(), secret.Env("GODWIT_TEST_KEY").Warnings())
	require.NoError(t, os.Remove(path))
	require.Empty(t, v.Warnings())
}

func TestAKeyIsRotatedUnderLoad(t *testing.T) {
	path := secretFile(t, "generation-0")
	v := secret.File(path)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 16 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				text, err := v.Reveal()
				if err != nil || !strings.HasPrefix(text, "generation-") {
					t.Errorf("in the middle of a rotation: %q, %v", text, err)
					return
				}
			}
		})
	}
	for i := 1; i <= 50; i++ {
		next := fmt.Sprintf("generation-%d", i)
		write(t, path+".new", next)
		require.NoError(t, os.Rename(path+".new", path))
		require.Equal(t, next, reveal(t, v))
	}
	close(stop)
	wg.Wait()
}

func TestParseReadsWhatConfigurationFilesWrite(t *testing.T) {
	path := secretFile(t, "in file")
	t.Setenv("GODWIT_TEST_KEY", "in env")
	for ref, want := range map[string]struct{ source, text string }{
		"${GODWIT_TEST_KEY}": {"environment GODWIT_TEST_KEY", "in env"},
		"file:" + path:       {"file " + path, "in file"},
		"file://" + path:     {"file //" + path, "in file"},
		"plain":              {"explicit", "plain"},
		"$plain":             {"explicit", "$plain"},
	} {
		v, err := secret.Parse(ref)
		require.NoError(t, err, ref)
		require.Equal(t, want.source, v.Source(), ref)
		require.Equal(t, want.text, reveal(t, v), ref)
	}
	v, err := secret.Parse("")
	require.NoError(t, err)
	require.True(t, v.IsZero())
	for _, ref := range []string{"${}", "${A-B}", "${1}", "x${CANARY}", "${CANARY}x", "${CANARY", "file:", "***"} {
		_, err := secret.Parse(ref)
		require.ErrorIs(t, err, secret.ErrReference, ref)
		require.NotContains(t, err.Error(), "CANARY")
	}
}

func TestAConfigurationIsLoadedAndItsPrintIsRefused(t *testing.T) {
	t.Setenv("GODWIT_TEST_KEY", "canary")
	var cfg struct{ Key secret.Value }
	require.NoError(t, json.Unmarshal([]byte(`{"Key":"${GODWIT_TEST_KEY}"}`), &cfg))
	require.Equal(t, "canary", reveal(t, cfg.Key))
	printed, err := json.Marshal(cfg)
	require.NoError(t, err)
	require.Equal(t, `{"Key":"***"}`, string(printed))
	require.ErrorIs(t, json.Unmarshal(printed, &cfg), secret.ErrReference)
	require.Equal(t, "canary", reveal(t, cfg.Key), "a bad load changes nothing")
}

func TestMasksOfUnsetValuesAreEmpty(t *testing.T) {
	var v secret.Value
	require.Equal(t, `[] [""] [] [secret.Value("")]`, fmt.Sprintf("[%v] [%q] [%x] [%#v]", v, v, v, v))
	b, err := json.Marshal(v)
	require.NoError(t, err)
	require.Equal(t, `""`, string(b))
	require.Equal(t, `*** "***" secret.Value("***")`, fmt.Sprintf("%x %q %#v", secret.Explicit("k"), secret.Explicit("k"), secret.Explicit("k")))
}

// holder keeps a Value where fmt cannot call its methods.
type holder struct {
	Open   secret.Value
	hidden secret.Value
	deep   map[string]*secret.Value
}

// everyPrint returns v in every form that something could print it in.
func everyPrint(t testing.TB, v secret.Value, verb rune, flags string) string {
	h := holder{v, v, map[string]*secret.Value{"k": &v}}
	var out bytes.Buffer
	for _, arg := range []any{v, &v, h, &h, []secret.Value{v}, []any{&v}, map[secret.Value]int{v: 1}, h.hidden, h.deep} {
		fmt.Fprintf(&out, "%"+flags+string(verb)+"\n", arg)
	}
	_, err := v.Reveal()
	fmt.Fprintln(&out, err, errors.Unwrap(err), v.Source(), v.Warnings())
	fmt.Fprintf(&out, "%+v %#v", err, err)
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("print", "v", v, "p", &v, "h", holder{Open: v, hidden: v}, slog.Group("g", "v", v))
	}
	require.NoError(t, json.NewEncoder(&out).Encode(map[string]any{"v": v, "p": &v, "h": h}))
	require.NoError(t, xml.NewEncoder(&out).Encode(struct {
		XMLName xml.Name `xml:"x"`
		V       secret.Value
	}{V: v}))
	text, err := v.MarshalText()
	require.NoError(t, err)
	out.Write(text)
	return out.String()
}

func forms(canary string) []string {
	return []string{
		canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprintf("% x", canary),
		fmt.Sprint([]byte(canary)), fmt.Sprintf("%#v", []byte(canary)),
	}
}

func TestNoFormatVerbShowsASecret(t *testing.T) {
	const canary = "cAnArY-0123"
	t.Setenv("GODWIT_TEST_KEY", canary)
	values := map[string]secret.Value{
		"explicit":    secret.Explicit(canary),
		"environment": secret.Env("GODWIT_TEST_KEY"),
		"file":        secret.File(secretFile(t, canary)),
	}
	for name, v := range values {
		require.Equal(t, canary, reveal(t, v), "so that what is kept in memory is there to leak")
		for _, verb := range "vsqxXdobtTpcUeEfFgGw!" {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "20", ".3", "+#", "# "} {
				printed := everyPrint(t, v, verb, flags)
				for _, form := range forms(canary) {
					require.NotContains(t, printed, form, "%s with %%%s%c", name, flags, verb)
				}
			}
		}
	}
}

func FuzzNoFormLeaks(f *testing.F) {
	f.Add("canary-key", 'v', "+")
	f.Add("a\x00b\nsecret", 'q', "#")
	f.Fuzz(func(t *testing.T, text string, verb rune, flags string) {
		// Marked, so that a chance hit on an address or on the word file is none.
		canary := "~{" + text + "}~"
		if strings.ContainsAny(flags, "%") {
			return
		}
		printed := everyPrint(t, secret.Explicit(canary), verb, flags)
		for _, form := range forms(canary) {
			// The verb and flags themselves are printed when fmt knows them not.
			if strings.Contains(printed, form) && !strings.Contains("%"+flags+string(verb), form) {
				t.Fatalf("%%%s%c shows %q", flags, verb, canary)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, ref := range []string{"", "${A}", "file:/x", "plain", "***", "${", "file:"} {
		f.Add(ref)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		v, err := secret.Parse(ref)
		if err != nil {
			require.ErrorIs(t, err, secret.ErrReference)
			if len(ref) > 8 {
				require.NotContains(t, err.Error(), ref)
			}
			return
		}
		require.Equal(t, ref == "", v.IsZero())
		if v.Source() == "explicit" {
			require.Equal(t, ref, reveal(t, v))
		}
	})
}
