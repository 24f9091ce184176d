#include "json_parser.hpp"

namespace egiz {

Status JsonParser::run() {
    if (text_.size() > JsonDocument::max_text) return Err::no_space;
    space();
    if (!value(1)) return error_;
    space();
    return at_ == text_.size() ? Status() : Status(Err::bad_argument);
}

bool JsonParser::fail(Err e) {
    error_ = e;
    return false;
}

JsonToken* JsonParser::add(JsonType type) {
    if (used_ >= pool_.size()) {
        error_ = Err::no_space;
        return nullptr;
    }
    JsonToken& token = pool_[used_++];
    token = {type, static_cast<std::uint16_t>(at_), 0, 0, 0};
    return &token;
}

void JsonParser::space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
        ++at_;
    }
}

bool JsonParser::take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
}

bool JsonParser::value(std::size_t depth) {
    switch (peek()) {
        case '{': return object(depth);
        case '[': return array(depth);
        case '"': return string();
        case 't': return literal("true", JsonType::boolean);
        case 'f': return literal("false", JsonType::boolean);
        case 'n': return literal("null", JsonType::null);
        default: return number();
    }
}

bool JsonParser::object(std::size_t depth) {
    if (depth > JsonDocument::max_depth) return fail(Err::no_space);
    JsonToken* self = add(JsonType::object);
    if (self == nullptr) return false;
    ++at_;
    space();
    if (!take('}')) {
        do {
            space();
            if (peek() != '"' || !string()) return false;
            space();
            if (!take(':')) return fail(Err::bad_argument);
            space();
            if (!value(depth + 1)) return false;
            ++self->size;
            space();
        } while (take(','));
        if (!take('}')) return fail(Err::bad_argument);
    }
    self->end = static_cast<std::uint16_t>(at_);
    self->next = static_cast<std::uint16_t>(used_);
    return true;
}

bool JsonParser::array(std::size_t depth) {
    if (depth > JsonDocument::max_depth) return fail(Err::no_space);
    JsonToken* self = add(JsonType::array);
    if (self == nullptr) return false;
    ++at_;
    space();
    if (!take(']')) {
        do {
            space();
            if (!value(depth + 1)) return false;
            ++self->size;
            space();
        } while (take(','));
        if (!take(']')) return fail(Err::bad_argument);
    }
    self->end = static_cast<std::uint16_t>(at_);
    self->next = static_cast<std::uint16_t>(used_);
    return true;
}

bool JsonParser::string() {
    ++at_;
    JsonToken* self = add(JsonType::string);
    if (self == nullptr) return false;
    while (at_ < text_.size()) {
        const auto byte = static_cast<unsigned char>(text_[at_]);
        if (byte == '"') {
            self->end = static_cast<std::uint16_t>(at_++);
            self->next = static_cast<std::uint16_t>(used_);
            return true;
        }
        if (byte < 0x20) return fail(Err::bad_argument);
        if (byte == '\\') {
            if (!escape()) return fail(Err::bad_argument);
        } else if (byte < 0x80) {
            ++at_;
        } else if (!utf8_sequence()) {
            return fail(Err::bad_argument);
        }
    }
    return fail(Err::bad_argument);
}

bool JsonParser::escape() {
    ++at_;
    const char c = peek();
    ++at_;
    if (c != 'u') {
        return c != '\0' && std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    }
    std::uint32_t unit = 0;
    return hex4(unit) && surrogate_pair(unit);
}

bool JsonParser::surrogate_pair(std::uint32_t first) {
    if (first < 0xD800 || first > 0xDFFF) return true;
    std::uint32_t second = 0;
    return first < 0xDC00 && take('\\') && take('u') && hex4(second) && second >= 0xDC00 && second <= 0xDFFF;
}

bool JsonParser::hex4(std::uint32_t& out) {
    out = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
        const char c = peek();
        std::uint32_t digit = 0;
        if (c >= '0' && c <= '9') {
            digit = static_cast<std::uint32_t>(c - '0');
        } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
            digit = static_cast<std::uint32_t>((c | 0x20) - 'a') + 10;
        } else {
            return false;
        }
        out = out * 16 + digit;
    }
    return true;
}

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool JsonParser::utf8_sequence() {
    const auto lead = static_cast<unsigned char>(text_[at_]);
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text_.size() - at_ < length) return false;
    std::uint32_t code = lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text_[at_ + i]);
        if ((byte & 0xC0U) != 0x80) return false;
        code = (code << 6) | (byte & 0x3FU);
    }
    if (length == 3 && (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF))) return false;
    if (length == 4 && (code < 0x10000 || code > 0x10FFFF)) return false;
    at_ += length;
    return true;
}

bool JsonParser::digits() {
    const std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > start;
}

bool JsonParser::number() {
    JsonToken* self = add(JsonType::number);
    if (self == nullptr) return false;
    (void)take('-');
    if (!take('0') && !digits()) return fail(Err::bad_argument);
    if (take('.') && !digits()) return fail(Err::bad_argument);
    if (take('e') || take('E')) {
        if (!take('+')) (void)take('-');
        if (!digits()) return fail(Err::bad_argument);
    }
    self->end = static_cast<std::uint16_t>(at_);
    self->next = static_cast<std::uint16_t>(used_);
    return true;
}

bool JsonParser::literal(std::string_view word, JsonType type) {
    JsonToken* self = add(type);
    if (self == nullptr) return false;
    if (text_.substr(at_, word.size()) != word) return fail(Err::bad_argument);
    at_ += word.size();
    self->end = static_cast<std::uint16_t>(at_);
    self->next = static_cast<std::uint16_t>(used_);
    return true;
}

}  // namespace egiz
