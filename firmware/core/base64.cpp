#include "base64.hpp"

namespace egiz {
namespace {

int sextet(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    if (c == '/') return 63;
    return -1;
}

}  // namespace

Result<std::size_t> base64_decode(std::string_view text, std::span<std::uint8_t> out) {
    if (text.size() % 4 != 0) return Err::bad_argument;
    std::size_t used = 0;
    for (std::size_t at = 0; at < text.size(); at += 4) {
        const bool last = at + 4 == text.size();
        const std::size_t padding = !last || text[at + 3] != '=' ? 0 : text[at + 2] == '=' ? 2 : 1;
        std::uint32_t word = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            const int value = i < 4 - padding ? sextet(text[at + i]) : 0;
            if (value < 0) return Err::bad_argument;
            word = (word << 6) | static_cast<std::uint32_t>(value);
        }
        const std::size_t bytes = 3 - padding;
        if ((word & ((std::uint32_t{1} << (8 * padding)) - 1)) != 0) return Err::bad_argument;
        if (bytes > out.size() - used) return Err::no_space;
        for (std::size_t i = 0; i < bytes; ++i) out[used++] = static_cast<std::uint8_t>(word >> (16 - 8 * i));
    }
    return used;
}

}  // namespace egiz
