// RFC 3339 times, UTC, in milliseconds since 1970.
#pragma once

#include <cstdint>
#include <string_view>

#include "fixed_string.hpp"
#include "result.hpp"

namespace egiz {

using Timestamp = FixedString<24>;  // 2026-01-29T10:30:00.123Z

// Years 1970 to 9999; later times are printed as the end of 9999.
Timestamp format_timestamp(std::uint64_t ms);
// Accepts a fraction of any length (cut to ms), Z or a numeric offset, and the leap second 60. Nothing before 1970.
Result<std::uint64_t> parse_timestamp(std::string_view text);

}  // namespace egiz
