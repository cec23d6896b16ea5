package captcha_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/godwit-go/godwit/captcha"
)

func BenchmarkOrdinary64KiB(b *testing.B) {
	body := ordinaryPage(64 << 10)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if c := captcha.Detect(200, nil, nil, body); c.Verdict != captcha.None {
			b.Fatal(c.String())
		}
	}
}

// ordinaryPage is a page that no rule suspects.
func ordinaryPage(size int) []byte {
	const item = `<div class="product-card" data-id="4711"><a href="/products/lamp-4711?ref=list" title="Desk lamp">` +
		`<img src="https://cdn.shop.test/img/4711.webp" loading="lazy" alt="Desk lamp in brass"></a>` +
		`<h3>Desk lamp in brass</h3><p class="price">€ 129,00</p><p>A lamp with a warm light for the evening, ` +
		`made in a small workshop by the sea; ships within three days.</p></div>` + "\n"
	page := "<!DOCTYPE html><html><head><title>Lamps</title></head><body>\n" + strings.Repeat(item, size/len(item)+1)
	return []byte(page[:size])
}

func BenchmarkLargeSuspect400KB(b *testing.B) {
	body := append([]byte(`<script src="https://www.google.com/recaptcha/api.js"></script>`), ordinaryPage(400_000)...)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		captcha.Detect(200, nil, nil, body)
	}
}

func BenchmarkGolden(b *testing.B) {
	for _, page := range goldenPages(b) {
		if len(page.Body) < 200_000 {
			continue
		}
		b.Run(page.File, func(b *testing.B) {
			b.SetBytes(int64(len(page.Body)))
			for b.Loop() {
				captcha.Detect(0, nil, nil, page.Body)
			}
		})
	}
}

// hostilePages are 1 MiB each of what makes parsers slow.
func hostilePages() map[string][]byte {
	fill := func(prefix, unit, suffix string) []byte {
		n := (1<<20 - len(prefix) - len(suffix)) / len(unit)
		return []byte(prefix + strings.Repeat(unit, n) + suffix)
	}
	const names = "_cf_chl_opt _pxAppId gokuProps KPSDK bobcmn captcha reeseSkipExpirationCheck sitekey recaptcha "
	return map[string][]byte{
		"markers":       fill("", "_cf_chl_opt", ""),
		"near misses":   fill("", "captchcaptchacaptch", ""),
		"tags":          fill("captcha", "<a>", ""),
		"open tags":     fill("captcha", "<", ""),
		"attributes":    fill("captcha <div ", `a="b" `, ">"),
		"one attribute": fill(`captcha <div class="`, "x ", `">`),
		"ids":           fill("captcha ", `<i id="x">`, ""),
		"comments":      fill("captcha ", "<!-- --", ""),
		"entities":      fill("captcha ", "&amp;", ""),
		"forms":         fill("captcha ", `<form action="/a"><input name="b" value="c"></form>`, ""),
		"inputs":        fill(`captcha <form>`, `<input name="b" value="c">`, ""),
		"widgets":       fill(`captcha `, `<div class="g-recaptcha" data-sitekey="k">`, ""),
		"scripts":       fill("captcha ", "<script>"+names+"</script>", ""),
		"one script":    fill("<script>", names, "</script>"),
		"strings":       fill("<script>", `'`+names+`' `, "</script>"),
		"slashes":       fill("<script>"+names, "/", "</script>"),
		"regexps":       fill("<script>"+names+"=", "(/[", "</script>"),
		"object":        fill("<script>window._cf_chl_opt={", "a:{", "</script>"),
		"object keys":   fill("<script>window._cf_chl_opt={", "a:'b',", "</script>"),
		"sitekeys":      fill("<script>recaptcha ", "sitekey:", "</script>"),
		"nested":        fill("captcha ", "<pre><code>", ""),
		"references":    fill("captcha access denied reference #", "18.de912f17.161135037", ""),
		"NULs":          fill("captcha ", "\x00", ""),
		"UTF-16":        fill("\xff\xfe", "c\x00a\x00p\x00t\x00c\x00h\x00a\x00", ""),
	}
}

func BenchmarkHostile1MiB(b *testing.B) {
	for name, body := range hostilePages() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				captcha.Detect(403, nil, nil, bytes.Clone(body))
			}
		})
	}
}
