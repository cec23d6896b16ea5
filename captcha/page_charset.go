package captcha

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// utf8Of returns a page in an encoding that has ASCII for its ASCII. All that
// browsers know do, but for UTF-16, which they know by its mark or, being told in
// the header, without. It returns body itself unless it had to be decoded.
func utf8Of(body []byte) []byte {
	switch {
	case bytes.HasPrefix(body, []byte("\xff\xfe")):
		return fromUTF16(body[2:], binary.LittleEndian)
	case bytes.HasPrefix(body, []byte("\xfe\xff")):
		return fromUTF16(body[2:], binary.BigEndian)
	case bytes.HasPrefix(body, []byte("<\x00")):
		return fromUTF16(body, binary.LittleEndian)
	case bytes.HasPrefix(body, []byte("\x00<")):
		return fromUTF16(body, binary.BigEndian)
	}
	return body
}

func fromUTF16(b []byte, order binary.ByteOrder) []byte {
	out := make([]byte, 0, len(b))
	for len(b) >= 2 {
		r := rune(order.Uint16(b))
		b = b[2:]
		if utf16.IsSurrogate(r) && len(b) >= 2 {
			if pair := utf16.DecodeRune(r, rune(order.Uint16(b))); pair != utf8.RuneError {
				r, b = pair, b[2:]
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}
