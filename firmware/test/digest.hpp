// SHA-256 in hex, by way of the crypto port, for tests that have to name a hash.
#pragma once

#include <string>

#include "bytes.hpp"
#include "canonical_json.hpp"
#include "psa_crypto.hpp"

namespace egiz::test {

inline std::string sha256_hex(Bytes bytes) {
    host::PsaCrypto crypto;
    std::array<std::uint8_t, sha256_size> digest{};
    (void)crypto.sha256_begin();
    (void)crypto.sha256_update(bytes);
    (void)crypto.sha256_finish(digest);
    return std::string(hex(digest).view());
}

inline std::string sha256_hex(std::string_view text) { return sha256_hex(as_bytes(text)); }

}  // namespace egiz::test
