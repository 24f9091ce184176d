#include "json_reader.hpp"

#include <cstring>

#include "json_number.hpp"
#include "json_parser.hpp"

namespace egiz {

Status JsonDocument::parse(std::string_view text) {
    text_ = text;
    // The pool must hold at least a root even when parsing fails, so that a stale reference cannot be read.
    if (pool_.empty()) return Err::no_space;
    pool_[0] = {};
    JsonParser parser(text, pool_.first(pool_.size() < json_none ? pool_.size() : json_none - 1));
    const Status parsed = parser.run();
    used_ = parser.used();
    if (!parsed) return parsed;
    for (JsonRef i = 0; i < used_; ++i) {
        if (pool_[i].type != JsonType::object) continue;
        for (JsonRef key = first(i); key != json_none; key = after(i, value_of(key))) {
            for (JsonRef other = after(i, value_of(key)); other != json_none; other = after(i, value_of(other))) {
                JsonChars a(raw(key));
                JsonChars b(raw(other));
                std::uint32_t ca = 0;
                std::uint32_t cb = 0;
                bool more_a = a.next(ca);
                bool more_b = b.next(cb);
                while (more_a && more_b && ca == cb) {
                    more_a = a.next(ca);
                    more_b = b.next(cb);
                }
                if (!more_a && !more_b) return Err::bad_argument;
            }
        }
    }
    return {};
}

std::string_view JsonDocument::raw(JsonRef ref) const {
    const JsonToken& t = pool_[ref];
    return text_.substr(t.begin, static_cast<std::size_t>(t.end - t.begin));
}

JsonRef JsonDocument::first(JsonRef container) const {
    return pool_[container].size == 0 ? json_none : static_cast<JsonRef>(container + 1);
}

JsonRef JsonDocument::after(JsonRef container, JsonRef value) const {
    const JsonRef next = pool_[value].next;
    return next < pool_[container].next ? next : json_none;
}

JsonRef JsonDocument::find(JsonRef object, std::string_view key) const {
    if (!is(object, JsonType::object)) return json_none;
    for (JsonRef k = first(object); k != json_none; k = after(object, value_of(k))) {
        if (equals(k, key)) return value_of(k);
    }
    return json_none;
}

bool JsonDocument::equals(JsonRef string, std::string_view text) const {
    if (!is(string, JsonType::string)) return false;
    JsonChars chars(raw(string));
    std::uint32_t code = 0;
    std::size_t at = 0;
    while (chars.next(code)) {
        char buffer[4];
        const std::size_t n = utf8(code, buffer);
        if (text.substr(at, n) != std::string_view(buffer, n)) return false;
        at += n;
    }
    return at == text.size();
}

Result<std::size_t> JsonDocument::text(JsonRef string, std::span<char> out) const {
    if (!is(string, JsonType::string)) return Err::bad_argument;
    JsonChars chars(raw(string));
    std::uint32_t code = 0;
    std::size_t used = 0;
    while (chars.next(code)) {
        char buffer[4];
        const std::size_t n = utf8(code, buffer);
        if (n > out.size() - used) return Err::no_space;
        std::memcpy(out.data() + used, buffer, n);
        used += n;
    }
    return used;
}

Result<std::int64_t> JsonDocument::integer(JsonRef ref) const {
    if (!is(ref, JsonType::number)) return Err::bad_argument;
    const Result<Decimal> d = parse_decimal(raw(ref));
    return d.ok() ? to_integer(d.value()) : Result<std::int64_t>(d.error());
}

Result<bool> JsonDocument::boolean(JsonRef ref) const {
    if (!is(ref, JsonType::boolean)) return Err::bad_argument;
    return raw(ref) == "true";
}

namespace {

std::uint32_t hex_unit(std::string_view digits) {
    std::uint32_t value = 0;
    for (const char c : digits) {
        const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        value = value * 16 + (static_cast<std::uint32_t>(digit) & 15U);
    }
    return value;
}

std::uint32_t simple_escape(char c) {
    switch (c) {
        case 'b': return 0x08;
        case 'f': return 0x0C;
        case 'n': return 0x0A;
        case 'r': return 0x0D;
        case 't': return 0x09;
        default: return static_cast<unsigned char>(c);
    }
}

}  // namespace

bool JsonChars::next(std::uint32_t& code_point) {
    if (at_ >= raw_.size()) return false;
    const auto lead = static_cast<unsigned char>(raw_[at_]);
    if (lead == '\\') {
        const char kind = at_ + 1 < raw_.size() ? raw_[at_ + 1] : '\\';
        at_ += 2;
        code_point = simple_escape(kind);
        if (kind != 'u') return true;
        code_point = hex_unit(raw_.substr(at_, 4));
        at_ += 4;
        if (code_point >= 0xD800 && code_point < 0xDC00) {
            code_point = 0x10000 + ((code_point - 0xD800) << 10) + (hex_unit(raw_.substr(at_ + 2, 4)) - 0xDC00);
            at_ += 6;
        }
        return true;
    }
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    code_point = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length && at_ + i < raw_.size(); ++i) {
        code_point = (code_point << 6) | (static_cast<unsigned char>(raw_[at_ + i]) & 0x3FU);
    }
    at_ += length;
    return true;
}

std::size_t utf8(std::uint32_t code_point, std::span<char, 4> out) {
    if (code_point < 0x80) {
        out[0] = static_cast<char>(code_point);
        return 1;
    }
    const std::size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (std::size_t i = length - 1; i > 0; --i) {
        out[i] = static_cast<char>(0x80U | (code_point & 0x3FU));
        code_point >>= 6;
    }
    const std::uint32_t mark = length == 2 ? 0xC0U : length == 3 ? 0xE0U : 0xF0U;
    out[0] = static_cast<char>(mark | code_point);
    return length;
}

}  // namespace egiz
