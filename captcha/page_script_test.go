package captcha

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyCodeAssigns(t *testing.T) {
	for script, want := range map[string]bool{
		`window.x={a:1}`:                      true,
		`var x = {a:1}`:                       true,
		`window["x"]={a:1}`:                   true,
		`window[ 'x' ] = {a:1}`:               true,
		`a=1;x={}`:                            true,
		`<!-- hidden` + "\n" + `x={}`:         true,
		`/* note */ x={}`:                     true,
		`s='it\'s';x={}`:                      true,
		"s=`a\n'`;x={}":                       true,
		`s='never closed` + "\n" + `x={}`:     true,
		`r=/["']/g;x={}`:                      true,
		`r=/[/"]/;x={}`:                       true,
		`if(a)return /'/.test(b);x={}`:        true,
		`a = b / c; s = "/"; x={}`:            true,
		`x/*c*/ ={}`:                          false, // nobody writes that
		`'x={}'`:                              false,
		`"window.x={}"`:                       false,
		"`window.x={}`":                       false,
		`"\"x={}"`:                            false,
		`/* x={} */`:                          false,
		`// x={}`:                             false,
		`<!-- x={}`:                           false,
		`x==y`:                                false,
		`x===y`:                               false,
		`x=>y`:                                false,
		`window.xx={}`:                        false,
		`window.ax={}`:                        false,
		`y={x:1}`:                             false,
		`f("[x]=",["x"])`:                     false,
		`push([1,"\u003cscript>x={}\u003c"])`: false,
		``:                                    false,
		`x`:                                   false,
	} {
		_, ok := assignment([]byte(script), "x")
		require.Equal(t, want, ok, script)
	}
}

func TestCallsAreFound(t *testing.T) {
	args, ok := call([]byte(`a.b.render ("#x", {sitekey: 'k'})`), "render")
	require.True(t, ok)
	require.Equal(t, map[string]string{"sitekey": "k"}, object(objectIn(args)))
	_, ok = call([]byte(`a.render = function() {}; "render('x')"`), "render")
	require.False(t, ok)
}

func TestObjectsAreRead(t *testing.T) {
	for literal, want := range map[string]map[string]string{
		`{a:1,'b':"two",c:true}`:                 {"a": "1", "b": "two", "c": "true"},
		` { "a" : -1.5 , }`:                      {"a": "-1.5"},
		`{a:'x\x3dy\u00e4\/\'"\n'}`:              {"a": "x=yä/'\"\n"},
		`{a:{b:1,c:'}'},d:2}`:                    {"d": "2"},
		`{a:[1,2,"]"],b:f(1,'x'),c:"d"+e,g:'h'}`: {"g": "h"},
		`{a:function(){return {b:1}},c:3}`:       {"c": "3"},
		`{a:1`:                                   {},
		`{a:'never closed`:                       {},
		`{a:'b',c:'cut of`:                       {"a": "b"},
		`{}`:                                     {},
		`({a:1})`:                                {"a": "1"},
		`[1]`:                                    nil,
		`"a"`:                                    nil,
		``:                                       nil,
		`{` + strings.Repeat(`a:1,b:2,`, 10_000): {"a": "1", "b": "2"},
		`{a:'` + strings.Repeat("x", 1<<20) + `',b:'small'}`: {"b": "small"},
	} {
		require.Equal(t, want, object([]byte(literal)), strings.TrimSpace(string(clip([]byte(literal), 60))))
	}
}
