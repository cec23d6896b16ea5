package hostile

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// fanout is how many pages hang below each page, so that a crawler finds work
// for many connections after a few pages.
const fanout = 4

// disallowedPrefix is the part of every site that robots.txt forbids.
const disallowedPrefix = "/private/"

// content is one piece of a site, the same for every visitor.
type content struct {
	kind string // Content-Type
	body []byte
}

func pagePath(n int) string { return "/p/" + strconv.Itoa(n) }

// page answers with the site's content, coded as the visitor accepts it.
func (s *Site) page(w http.ResponseWriter, r *http.Request) {
	c, ok := s.content(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", c.kind)
	if s.reply(w, r, http.StatusOK, c.body) == nil && r.Method == http.MethodGet {
		s.Book(r, Served)
	}
}

// content returns what the site has at path; false for 404.
func (s *Site) content(path string) (content, bool) {
	const html, data = "text/html; charset=utf-8", "application/json"
	if path == "/" {
		return content{html, s.html("Welcome to "+s.host, path, 0)}, true
	}
	if path == "/sitemap.xml" {
		return content{"application/xml", s.sitemap()}, true
	}
	for prefix, write := range map[string]func(path string, n int) content{
		"/p/":            func(path string, n int) content { return content{html, s.html("Item "+strconv.Itoa(n), path, n)} },
		disallowedPrefix: func(path string, _ int) content { return content{html, s.html("Keep out", path, -1)} },
		"/api/items/":    func(path string, n int) content { return content{data, s.item(path, n)} },
	} {
		if number, ok := strings.CutPrefix(path, prefix); ok {
			n, err := strconv.Atoi(number)
			if err != nil || n < 1 || n > s.pages || strconv.Itoa(n) != number {
				return content{}, false
			}
			return write(path, n), true
		}
	}
	return content{}, false
}

// Token returns the token that the content at path carries and no other does.
func (s *Site) Token(path string) string {
	sum := s.sum("token", path)
	return hex.EncodeToString(sum[:12])
}

var words = strings.Fields(`amber basin cedar delta ember fjord grove harbor inlet juniper kelp lagoon
	marsh nectar orchard prairie quarry ridge sedge tundra upland valley willow yarrow zephyr`)

// html writes the page at path. The n-th page leads to its children in the tree
// of pages, to two pages drawn by lot, and now and then nowhere.
func (s *Site) html(title, path string, n int) []byte {
	dice := s.dice("page", path)
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>%s</title></head>\n<body>\n<h1>%s</h1>\n", title, title)
	fmt.Fprintf(&b, "<p id=\"token\">%s</p>\n", s.Token(path))
	for range 3 + dice.IntN(6) {
		b.WriteString("<p>")
		for range 20 + dice.IntN(60) {
			b.WriteString(words[dice.IntN(len(words))])
			b.WriteByte(' ')
		}
		b.WriteString("</p>\n")
	}
	if n >= 0 {
		b.WriteString("<ul>\n")
		for child := n*fanout + 1; child <= min(n*fanout+fanout, s.pages); child++ {
			way := "/p/"
			if dice.IntN(10) == 0 {
				way = "/go/"
			}
			fmt.Fprintf(&b, "<li><a href=\"%s%d\">Item %d</a></li>\n", way, child, child)
		}
		for range 2 {
			also := 1 + dice.IntN(s.pages)
			fmt.Fprintf(&b, "<li><a href=\"%s\">See also %d</a></li>\n", pagePath(also), also)
		}
		switch dice.IntN(20) {
		case 0:
			fmt.Fprintf(&b, "<li><a href=\"/gone/%d\">Sold out</a></li>\n", n)
		case 1:
			fmt.Fprintf(&b, "<li><a href=\"/away/%d\">Our partner</a></li>\n", n+1)
		case 2:
			fmt.Fprintf(&b, "<li><a href=\"%s%d\">Staff only</a></li>\n", disallowedPrefix, n+1)
		}
		b.WriteString("</ul>\n")
	}
	b.WriteString("</body>\n</html>\n")
	return []byte(b.String())
}

func (s *Site) item(path string, n int) []byte {
	body, err := json.Marshal(struct {
		ID    int     `json:"id"`
		Token string  `json:"token"`
		Price float64 `json:"price"`
	}{n, s.Token(path), float64(100+s.dice("price", path).IntN(9900)) / 100})
	if err != nil {
		return nil // numbers and hexadecimal digits always marshal
	}
	return body
}

func (s *Site) sitemap() []byte {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n")
	for _, u := range s.URLs() {
		fmt.Fprintf(&b, "<url><loc>%s</loc></url>\n", u)
	}
	b.WriteString("</urlset>\n")
	return []byte(b.String())
}

func (s *Site) robots(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "User-agent: *\nDisallow: %s\n", disallowedPrefix)
	if s.cfg.CrawlDelay > 0 {
		fmt.Fprintf(w, "Crawl-delay: %s\n", strconv.FormatFloat(s.cfg.CrawlDelay.Seconds(), 'f', -1, 64))
	}
	fmt.Fprintf(w, "Sitemap: %s\n", s.URL("/sitemap.xml"))
}
