package headers

import "strings"

// countryTags are the first languages of a country's visitors, best first, by
// ISO 3166 code: the most common one alone where there are several.
var countryTags = map[string]string{
	"AE": "ar-AE", "AR": "es-AR", "AT": "de-AT", "AU": "en-AU", "BD": "bn-BD", "BE": "nl-BE", "BG": "bg-BG",
	"BR": "pt-BR", "BY": "be-BY", "CA": "en-CA", "CH": "de-CH", "CL": "es-CL", "CN": "zh-CN", "CO": "es-CO",
	"CZ": "cs-CZ", "DE": "de-DE", "DK": "da-DK", "DZ": "ar-DZ", "EC": "es-EC", "EE": "et-EE", "EG": "ar-EG",
	"ES": "es-ES", "FI": "fi-FI", "FR": "fr-FR", "GB": "en-GB", "GE": "ka-GE", "GR": "el-GR", "HK": "zh-HK",
	"HR": "hr-HR", "HU": "hu-HU", "ID": "id-ID", "IE": "en-IE", "IL": "he-IL", "IN": "en-IN", "IR": "fa-IR",
	"IS": "is-IS", "IT": "it-IT", "JP": "ja-JP", "KE": "en-KE", "KR": "ko-KR", "KZ": "ru-KZ", "LT": "lt-LT",
	"LV": "lv-LV", "MA": "fr-MA", "MX": "es-MX", "MY": "ms-MY", "NG": "en-NG", "NL": "nl-NL", "NO": "nb-NO",
	"NZ": "en-NZ", "PE": "es-PE", "PH": "en-PH", "PK": "en-PK", "PL": "pl-PL", "PT": "pt-PT", "RO": "ro-RO",
	"RS": "sr-RS", "RU": "ru-RU", "SA": "ar-SA", "SE": "sv-SE", "SG": "en-SG", "SI": "sl-SI", "SK": "sk-SK",
	"TH": "th-TH", "TN": "fr-TN", "TR": "tr-TR", "TW": "zh-TW", "UA": "uk-UA", "US": "en-US", "UY": "es-UY",
	"VE": "es-VE", "VN": "vi-VN", "ZA": "en-ZA",
}

// CountryLanguages returns the languages that a browser is set to in a country,
// by its ISO 3166 code, as its localised build does; nil for an unknown country.
func CountryLanguages(country string, b Browser) []string {
	tag, ok := countryTags[strings.ToUpper(country)]
	if !ok {
		return nil
	}
	base, _, _ := strings.Cut(tag, "-")
	switch {
	case tag == "en-US":
		return []string{"en-US", "en"}
	case b == Safari:
		return []string{tag, base}
	case base == "en" && b == Firefox:
		return []string{tag, "en"}
	case base == "en":
		return []string{tag, "en-US", "en"}
	}
	return []string{tag, base, "en-US", "en"}
}
