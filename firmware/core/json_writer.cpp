#include "json_writer.hpp"

#include <cstring>

namespace egiz {

void JsonWriter::put(char c) {
    if (used_ >= out_.size()) {
        overflow_ = true;
        return;
    }
    out_[used_++] = c;
}

void JsonWriter::put(std::string_view s) {
    if (s.size() > out_.size() - used_) {
        overflow_ = true;
        return;
    }
    if (!s.empty()) std::memcpy(out_.data() + used_, s.data(), s.size());
    used_ += s.size();
}

void JsonWriter::put_escaped(std::string_view s) {
    static constexpr char hex[] = "0123456789abcdef";
    for (const char c : s) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            put('\\');
            put(c);
        } else if (byte < 0x20) {
            put("\\u00");
            put(hex[byte >> 4]);
            put(hex[byte & 15]);
        } else {
            put(c);
        }
    }
}

void JsonWriter::before_value() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    if (has_member_[depth_]) put(',');
    has_member_[depth_] = true;
}

JsonWriter& JsonWriter::open(char c) {
    before_value();
    put(c);
    if (depth_ >= max_depth) {
        overflow_ = true;
        return *this;
    }
    has_member_[++depth_] = false;
    return *this;
}

JsonWriter& JsonWriter::close(char c) {
    put(c);
    if (depth_ == 0) {
        overflow_ = true;
    } else {
        --depth_;
    }
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    before_value();
    put('"');
    put_escaped(name);
    put("\":");
    after_key_ = true;
    return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
    before_value();
    put('"');
    put_escaped(value);
    put('"');
    return *this;
}

JsonWriter& JsonWriter::unsigned_integer(std::uint64_t value) {
    before_value();
    std::array<char, 20> digits{};
    std::size_t n = digits.size();
    do {
        digits[--n] = static_cast<char>('0' + value % 10);
        value /= 10;
    } while (value != 0);
    put(std::string_view(digits.data() + n, digits.size() - n));
    return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
    return decimal(value, 0);
}

JsonWriter& JsonWriter::decimal(std::int64_t raw, unsigned decimals) {
    before_value();
    if (raw < 0) put('-');
    // Unsigned negation is defined for the most negative value as well.
    std::uint64_t magnitude = raw < 0 ? 0 - static_cast<std::uint64_t>(raw) : static_cast<std::uint64_t>(raw);
    std::array<char, 24> digits{};
    std::size_t n = digits.size();
    bool significant = false;
    for (unsigned i = 0; i < decimals && n > 4; ++i, magnitude /= 10) {
        const auto digit = static_cast<char>('0' + magnitude % 10);
        significant = significant || digit != '0';
        if (significant) digits[--n] = digit;
    }
    if (significant) digits[--n] = '.';
    do {
        digits[--n] = static_cast<char>('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0 && n > 0);
    put(std::string_view(digits.data() + n, digits.size() - n));
    return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
    before_value();
    put(value ? "true" : "false");
    return *this;
}

JsonWriter& JsonWriter::null() {
    before_value();
    put("null");
    return *this;
}

}  // namespace egiz
