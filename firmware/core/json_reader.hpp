// A strict RFC 8259 parser over a fixed token pool. The text stays where it is; tokens are offsets into it.
// Refused besides bad syntax: nesting beyond max_depth, duplicate members (RFC 7493), invalid UTF-8, lone surrogates.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "result.hpp"

namespace egiz {

enum class JsonType : std::uint8_t { object, array, string, number, boolean, null };

struct JsonToken {
    JsonType type = JsonType::null;
    std::uint16_t begin = 0;  // of the raw text; for strings without the quotes
    std::uint16_t end = 0;
    std::uint16_t next = 0;   // the token behind this value and all it contains
    std::uint16_t size = 0;   // members of an object, elements of an array
};

using JsonRef = std::uint16_t;  // index of a token
inline constexpr JsonRef json_none = 0xFFFF;

class JsonDocument {
  public:
    static constexpr std::size_t max_depth = 10;
    static constexpr std::size_t max_text = 0xFFF0;

    explicit JsonDocument(std::span<JsonToken> pool) : pool_(pool) {}

    // bad_argument: not JSON; no_space: more tokens or deeper than there is room for. The text must outlive the document.
    Status parse(std::string_view text);

    [[nodiscard]] JsonRef root() const { return 0; }
    [[nodiscard]] const JsonToken& token(JsonRef ref) const { return pool_[ref]; }
    [[nodiscard]] bool is(JsonRef ref, JsonType type) const { return ref != json_none && pool_[ref].type == type; }
    [[nodiscard]] std::string_view raw(JsonRef ref) const;

    // Members and elements in order: for an object the first is a key, its value is at value_of(key).
    [[nodiscard]] JsonRef first(JsonRef container) const;
    [[nodiscard]] JsonRef value_of(JsonRef key) const { return static_cast<JsonRef>(key + 1); }
    // The key or element after this one, given the current value; json_none behind the last.
    [[nodiscard]] JsonRef after(JsonRef container, JsonRef value) const;
    [[nodiscard]] JsonRef find(JsonRef object, std::string_view key) const;

    [[nodiscard]] bool equals(JsonRef string, std::string_view text) const;
    // The decoded text; no_space when it does not fit, bad_argument when it is no string.
    Result<std::size_t> text(JsonRef string, std::span<char> out) const;
    template <class Fixed>
    [[nodiscard]] bool text_into(JsonRef ref, Fixed& out) const;
    // An integer in any spelling (10, 1e1, 10.0) within +-(2^53-1).
    Result<std::int64_t> integer(JsonRef ref) const;
    Result<bool> boolean(JsonRef ref) const;

  private:
    std::span<JsonToken> pool_;
    std::string_view text_;
    std::size_t used_ = 0;
};

// Steps through the decoded characters of a JSON string (escapes resolved), one code point at a time.
class JsonChars {
  public:
    explicit JsonChars(std::string_view raw) : raw_(raw) {}
    // False at the end. The raw text must have passed the parser.
    bool next(std::uint32_t& code_point);

  private:
    std::string_view raw_;
    std::size_t at_ = 0;
};

// UTF-8 of a code point; returns its length (1 to 4).
std::size_t utf8(std::uint32_t code_point, std::span<char, 4> out);

template <class Fixed>
bool JsonDocument::text_into(JsonRef ref, Fixed& out) const {
    char buffer[Fixed::capacity()];
    const Result<std::size_t> n = text(ref, buffer);
    return n.ok() && out.assign({buffer, n.value()});
}

}  // namespace egiz
