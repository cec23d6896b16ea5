package godwit_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
)

// Whoever can read the file can spend the account that a login in it belongs to.
func TestAFileWithLoginsThatEverybodyCanReadIsWarnedAbout(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // modes tell nothing there
	}
	for name, c := range map[string]struct {
		list, config string
		want         string // of the files that are warned about
	}{
		"list with logins":    {list: "http://user:canary@192.0.2.1:8080\n", want: "list"},
		"list without":        {list: "192.0.2.1:8080\n"},
		"proxy in place":      {config: `pools: {eu: {proxies: ["http://user:canary@192.0.2.1:8080"]}}`, want: "config"},
		"proxy without login": {config: `pools: {eu: {proxies: ["http://192.0.2.1:8080"]}}`},
		"key in place":        {config: `default: {captcha: {solvers: [{service: 2captcha, key: canary}]}}`, want: "config"},
		"key from elsewhere":  {config: `default: {captcha: {solvers: [{service: 2captcha, key: "${CANARY}"}]}}`},
		"header in place":     {config: `domains: {api.test: {headers: {extra: {Authorization: [Bearer canary]}}}}`, want: "config"},
		"harmless header":     {config: `default: {headers: {extra: {DNT: ["1"]}}}`},
	} {
		for _, mode := range []os.FileMode{0o644, 0o640, 0o600} {
			t.Run(fmt.Sprintf("%s, %#o", name, mode), func(t *testing.T) {
				dir := t.TempDir()
				list, config := filepath.Join(dir, "list"), filepath.Join(dir, "config")
				require.NoError(t, os.Chmod(writeFile(t, list, c.list, mode), mode)) // whatever the umask
				if c.list != "" {
					c.config = fmt.Sprintf("pools: {eu: {file: %q}}", list)
				}
				require.NoError(t, os.Chmod(writeFile(t, config, c.config, mode), mode))
				cfg, err := godwit.Load(config)
				require.NoError(t, err)
				var log bytes.Buffer
				cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
				tr := transport(t, cfg)
				require.NotContains(t, log.String(), "canary")
				if c.want == "" || mode != 0o644 {
					require.Empty(t, log.String())
					return
				}
				warning := fmt.Sprintf(`problem="file %s can be read by every user (mode 0644)`, filepath.Join(dir, c.want))
				require.Contains(t, log.String(), warning)
				require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("level=WARN")), log.String())

				log.Reset()
				require.NoError(t, tr.Reload(cfg))
				require.Contains(t, log.String(), warning, "a reload is a new chance to notice")
			})
		}
	}
}
