// RFC 8785 canonical JSON of a parsed value, streamed into SHA-256: the hash by which service and board agree on
// what a configuration is.
#pragma once

#include <array>

#include "fixed_string.hpp"
#include "json_reader.hpp"
#include "ports.hpp"

namespace egiz {

class CanonicalSink {
  public:
    virtual Status accept(std::string_view text) = 0;

  protected:
    ~CanonicalSink() = default;
};

// unsupported: a number with more precision than canonical_number() knows.
Status canonicalize(const JsonDocument& document, JsonRef value, CanonicalSink& sink);

using HashText = FixedString<64>;  // lower-case hex
HashText hex(std::span<const std::uint8_t, sha256_size> digest);
Result<HashText> canonical_hash(const JsonDocument& document, JsonRef value, Crypto& crypto);

}  // namespace egiz
