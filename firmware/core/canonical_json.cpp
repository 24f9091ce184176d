#include "canonical_json.hpp"

#include "json_number.hpp"

namespace egiz {
namespace {

// Compares as arrays of UTF-16 code units, which is how RFC 8785 sorts members.
class Utf16Units {
  public:
    explicit Utf16Units(std::string_view raw) : chars_(raw) {}
    bool next(std::uint32_t& unit) {
        if (pending_ != 0) {
            unit = pending_;
            pending_ = 0;
            return true;
        }
        std::uint32_t code = 0;
        if (!chars_.next(code)) return false;
        if (code < 0x10000) {
            unit = code;
        } else {
            unit = 0xD800 + ((code - 0x10000) >> 10);
            pending_ = 0xDC00 + ((code - 0x10000) & 0x3FFU);
        }
        return true;
    }

  private:
    JsonChars chars_;
    std::uint32_t pending_ = 0;
};

bool less(std::string_view a, std::string_view b) {
    Utf16Units left(a);
    Utf16Units right(b);
    std::uint32_t x = 0;
    std::uint32_t y = 0;
    for (;;) {
        const bool more_left = left.next(x);
        const bool more_right = right.next(y);
        if (!more_left || !more_right) return !more_left && more_right;
        if (x != y) return x < y;
    }
}

class Canonicalizer {
  public:
    Canonicalizer(const JsonDocument& document, CanonicalSink& sink) : document_(document), sink_(sink) {}

    Status value(JsonRef ref) {
        switch (document_.token(ref).type) {
            case JsonType::object: return object(ref);
            case JsonType::array: return array(ref);
            case JsonType::string: return string(document_.raw(ref));
            case JsonType::number: {
                const Result<NumberText> text = canonical_number(document_.raw(ref));
                return text.ok() ? sink_.accept(text.value().view()) : Status(text.error());
            }
            default: return sink_.accept(document_.raw(ref));
        }
    }

  private:
    // The smallest key greater than `last`: selection instead of a sorted copy, as there is nowhere to put one.
    JsonRef next_key(JsonRef object_ref, JsonRef last) const {
        JsonRef best = json_none;
        for (JsonRef k = document_.first(object_ref); k != json_none; k = document_.after(object_ref, document_.value_of(k))) {
            if (last != json_none && !less(document_.raw(last), document_.raw(k))) continue;
            if (best == json_none || less(document_.raw(k), document_.raw(best))) best = k;
        }
        return best;
    }

    Status object(JsonRef ref) {
        if (const Status s = sink_.accept("{"); !s) return s;
        JsonRef last = json_none;
        for (JsonRef k = next_key(ref, last); k != json_none; k = next_key(ref, last)) {
            if (last != json_none) {
                if (const Status s = sink_.accept(","); !s) return s;
            }
            if (const Status s = string(document_.raw(k)); !s) return s;
            if (const Status s = sink_.accept(":"); !s) return s;
            if (const Status s = value(document_.value_of(k)); !s) return s;
            last = k;
        }
        return sink_.accept("}");
    }

    Status array(JsonRef ref) {
        if (const Status s = sink_.accept("["); !s) return s;
        bool comma = false;
        for (JsonRef v = document_.first(ref); v != json_none; v = document_.after(ref, v)) {
            if (comma) {
                if (const Status s = sink_.accept(","); !s) return s;
            }
            comma = true;
            if (const Status s = value(v); !s) return s;
        }
        return sink_.accept("]");
    }

    Status string(std::string_view raw) {
        if (const Status s = sink_.accept("\""); !s) return s;
        JsonChars chars(raw);
        std::uint32_t code = 0;
        while (chars.next(code)) {
            if (const Status s = character(code); !s) return s;
        }
        return sink_.accept("\"");
    }

    Status character(std::uint32_t code) {
        switch (code) {
            case 0x08: return sink_.accept("\\b");
            case 0x09: return sink_.accept("\\t");
            case 0x0A: return sink_.accept("\\n");
            case 0x0C: return sink_.accept("\\f");
            case 0x0D: return sink_.accept("\\r");
            case '"': return sink_.accept("\\\"");
            case '\\': return sink_.accept("\\\\");
            default: break;
        }
        if (code < 0x20) {
            static constexpr char digits[] = "0123456789abcdef";
            const char text[] = {'\\', 'u', '0', '0', digits[code >> 4], digits[code & 15]};
            return sink_.accept({text, sizeof text});
        }
        char buffer[4];
        return sink_.accept({buffer, utf8(code, buffer)});
    }

    const JsonDocument& document_;
    CanonicalSink& sink_;
};

class HashSink final : public CanonicalSink {
  public:
    explicit HashSink(Crypto& crypto) : crypto_(crypto) {}
    Status accept(std::string_view text) override {
        return crypto_.sha256_update({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    }

  private:
    Crypto& crypto_;
};

}  // namespace

Status canonicalize(const JsonDocument& document, JsonRef value, CanonicalSink& sink) {
    return Canonicalizer(document, sink).value(value);
}

HashText hex(std::span<const std::uint8_t, sha256_size> digest) {
    static constexpr char digits[] = "0123456789abcdef";
    HashText out;
    for (const std::uint8_t byte : digest) {
        const char text[] = {digits[byte >> 4], digits[byte & 15]};
        (void)out.append({text, 2});
    }
    return out;
}

Result<HashText> canonical_hash(const JsonDocument& document, JsonRef value, Crypto& crypto) {
    if (const Status s = crypto.sha256_begin(); !s) return s.error();
    HashSink sink(crypto);
    const Status walked = canonicalize(document, value, sink);
    std::array<std::uint8_t, sha256_size> digest{};
    // Finished in any case: an open digest would block the next one.
    const Status finished = crypto.sha256_finish(digest);
    if (!walked) return walked.error();
    if (!finished) return finished.error();
    return hex(digest);
}

}  // namespace egiz
