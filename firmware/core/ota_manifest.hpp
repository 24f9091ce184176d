// The signed description of a firmware image (FR-1.8, SEC-8). The signature covers the exact bytes of the manifest
// text, so it is checked before anything in it is believed, and before anything is erased.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "command_result.hpp"
#include "json_reader.hpp"
#include "ports.hpp"

namespace egiz {

inline constexpr std::size_t max_manifest = 2048;

struct OtaManifest {
    FixedString<64> product;
    FixedString<64> hardware;
    FixedString<64> version;
    FixedString<512> url;
    std::array<std::uint8_t, sha256_size> sha256{};
    std::uint32_t build = 0;
    std::uint32_t size = 0;
    std::uint64_t expires_ms = 0;
    bool allow_downgrade = false;
};

struct TrustedKey {
    std::string_view id;
    std::array<std::uint8_t, p256_key_size> key{};
};

// What the running board is, and what it would accept.
struct OtaPolicy {
    std::string_view product;
    std::string_view hardware;
    std::uint32_t running_build = 0;
    std::uint32_t minimum_build = 0;
    std::size_t slot_size = 0;
    std::uint64_t now_ms = 0;
    bool time_known = false;
};

// base64 of r || s (64 bytes) or of the DER form that most tools write.
Result<std::array<std::uint8_t, p256_signature_size>> parse_signature(std::string_view base64);

// Code::received when the signature is good. unknown_key, bad_signature otherwise.
Code check_signature(std::string_view manifest, std::string_view signature, std::string_view key_id,
                     std::span<const TrustedKey> keys, Crypto& crypto);
// manifest_invalid unless every member is there, of the right form, and no other.
Code parse_manifest(std::string_view text, std::span<JsonToken> pool, OtaManifest& out);
// wrong_product, wrong_hardware, expired, time_unknown, too_large, already_running, downgrade; else received.
Code check_policy(const OtaManifest& manifest, const OtaPolicy& policy);

}  // namespace egiz
