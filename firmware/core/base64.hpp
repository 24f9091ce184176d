// RFC 4648 base64, strict: padding required, no white space, no stray bits.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "result.hpp"

namespace egiz {

Result<std::size_t> base64_decode(std::string_view text, std::span<std::uint8_t> out);

}  // namespace egiz
