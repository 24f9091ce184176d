#include "ota_manifest.hpp"

#include <algorithm>

#include "base64.hpp"
#include "bytes.hpp"
#include "timestamp.hpp"

namespace egiz {
namespace {

using Signature = std::array<std::uint8_t, p256_signature_size>;
constexpr std::size_t scalar_size = 32;

// One DER INTEGER into 32 big-endian bytes; minimal encoding and a positive value are required.
bool take_der_integer(Bytes& in, std::span<std::uint8_t, scalar_size> out) {
    if (in.size() < 2 || in[0] != 0x02) return false;
    std::size_t length = in[1];
    if (length == 0 || length > scalar_size + 1 || in.size() - 2 < length) return false;
    Bytes body = in.subspan(2, length);
    in = in.subspan(2 + length);
    if ((body[0] & 0x80U) != 0) return false;
    if (body[0] == 0 && length > 1) {
        if ((body[1] & 0x80U) == 0) return false;
        body = body.subspan(1);
        --length;
    }
    if (length > scalar_size) return false;
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    std::copy(body.begin(), body.end(), out.begin() + static_cast<std::ptrdiff_t>(scalar_size - length));
    return true;
}

bool parse_der(Bytes in, Signature& out) {
    if (in.size() < 8 || in[0] != 0x30 || in[1] != in.size() - 2) return false;
    in = in.subspan(2);
    const std::span<std::uint8_t, p256_signature_size> all(out);
    return take_der_integer(in, all.first<scalar_size>()) && take_der_integer(in, all.last<scalar_size>()) && in.empty();
}

bool parse_hex(std::string_view text, std::span<std::uint8_t> out) {
    if (text.size() != out.size() * 2) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool digit = c >= '0' && c <= '9';
        if (!digit && (c < 'a' || c > 'f')) return false;
        const auto nibble = static_cast<std::uint8_t>(digit ? c - '0' : c - 'a' + 10);
        std::uint8_t& byte = out[i / 2];
        byte = static_cast<std::uint8_t>(i % 2 == 0 ? nibble << 4 : byte | nibble);
    }
    return true;
}

bool read_u32(const JsonDocument& document, JsonRef ref, std::uint32_t& out) {
    const Result<std::int64_t> value = document.integer(ref);
    if (!value || value.value() < 1 || value.value() > 0xFFFFFFFFLL) return false;
    out = static_cast<std::uint32_t>(value.value());
    return true;
}

bool read_digest(const JsonDocument& document, JsonRef ref, OtaManifest& out) {
    FixedString<64> text;
    return document.text_into(ref, text) && parse_hex(text.view(), out.sha256);
}

bool read_expiry(const JsonDocument& document, JsonRef ref, OtaManifest& out) {
    FixedString<40> text;
    if (!document.text_into(ref, text)) return false;
    const Result<std::uint64_t> ms = parse_timestamp(text.view());
    out.expires_ms = ms.value();
    return ms.ok();
}

// TLS protects the way, the signature the content; plain http would still show who updates to what.
bool read_url(const JsonDocument& document, JsonRef ref, OtaManifest& out) {
    if (!document.text_into(ref, out.url)) return false;
    const std::string_view url = out.url.view();
    const bool printable = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7F; });
    return printable && url.size() > 8 && url.substr(0, 8) == "https://";
}

}  // namespace

Result<Signature> parse_signature(std::string_view base64) {
    std::array<std::uint8_t, 80> bytes{};
    const Result<std::size_t> size = base64_decode(base64, bytes);
    if (!size) return size.error();
    Signature out{};
    if (size.value() == out.size()) {
        std::copy_n(bytes.begin(), out.size(), out.begin());
        return out;
    }
    if (!parse_der({bytes.data(), size.value()}, out)) return Err::bad_argument;
    return out;
}

Code check_signature(std::string_view manifest, std::string_view signature, std::string_view key_id,
                     std::span<const TrustedKey> keys, Crypto& crypto) {
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const TrustedKey& k) { return k.id == key_id; });
    if (key_id.empty() || key == keys.end()) return Code::unknown_key;
    const Result<Signature> raw = parse_signature(signature);
    if (!raw) return Code::bad_signature;
    std::array<std::uint8_t, sha256_size> digest{};
    if (!crypto.sha256_begin()) return Code::bad_signature;
    const Status updated = crypto.sha256_update(as_bytes(manifest));
    if (!crypto.sha256_finish(digest) || !updated) return Code::bad_signature;
    return crypto.verify_p256(key->key, digest, raw.value()).ok() ? Code::received : Code::bad_signature;
}

Code parse_manifest(std::string_view text, std::span<JsonToken> pool, OtaManifest& out) {
    JsonDocument document(pool);
    if (!document.parse(text) || !document.is(document.root(), JsonType::object)) return Code::manifest_invalid;
    const JsonRef root = document.root();
    const auto at = [&](std::string_view name) { return document.find(root, name); };
    const JsonRef allow = at("allow_downgrade");
    const Result<bool> downgrade = allow == json_none ? Result<bool>(false) : document.boolean(allow);
    // No other members: one this firmware does not know may be a restriction that it must not ignore.
    if (document.token(root).size != (allow == json_none ? 8 : 9)) return Code::manifest_invalid;
    const bool texts = document.text_into(at("product"), out.product) && document.text_into(at("hardware"), out.hardware) &&
                       document.text_into(at("version"), out.version) && !out.version.empty();
    const bool numbers = read_u32(document, at("build"), out.build) && read_u32(document, at("size"), out.size);
    if (!downgrade || !texts || !numbers || !read_url(document, at("url"), out)) return Code::manifest_invalid;
    if (!read_digest(document, at("sha256"), out) || !read_expiry(document, at("expires"), out)) return Code::manifest_invalid;
    out.allow_downgrade = downgrade.value();
    return Code::received;
}

Code check_policy(const OtaManifest& manifest, const OtaPolicy& policy) {
    if (manifest.product.view() != policy.product) return Code::wrong_product;
    if (manifest.hardware.view() != policy.hardware) return Code::wrong_hardware;
    // An estimate of the time can only be late, so what it calls expired is expired.
    if (manifest.expires_ms <= policy.now_ms) return Code::expired;
    if (!policy.time_known) return Code::time_unknown;
    if (manifest.size > policy.slot_size) return Code::too_large;
    if (manifest.build == policy.running_build) return Code::already_running;
    const std::uint32_t floor = std::max(policy.running_build, policy.minimum_build);
    if (manifest.build < floor && !manifest.allow_downgrade) return Code::downgrade;
    return Code::received;
}

}  // namespace egiz
