// A real P-256 key pair for tests, made anew in each run.
#pragma once

#include <psa/crypto.h>

#include <string>
#include <vector>

#include "ota_manifest.hpp"
#include "psa_crypto.hpp"

namespace egiz::test {

inline std::string base64(const std::vector<std::uint8_t>& bytes) {
    static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t word = 0;
        for (std::size_t j = 0; j < 3; ++j) word = (word << 8) | (i + j < bytes.size() ? bytes[i + j] : 0U);
        for (std::size_t j = 0; j < 4; ++j) {
            out += i + j <= bytes.size() && (j < 2 || i + j - 1 < bytes.size()) ? digits[(word >> (18 - 6 * j)) & 63U] : '=';
        }
    }
    return out;
}

class SigningKey {
  public:
    SigningKey() {
        (void)psa_crypto_init();
        psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
        psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_EXPORT);
        psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
        psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
        psa_set_key_bits(&attributes, 256);
        (void)psa_generate_key(&attributes, &id_);
    }
    ~SigningKey() { (void)psa_destroy_key(id_); }
    SigningKey(const SigningKey&) = delete;
    SigningKey& operator=(const SigningKey&) = delete;

    [[nodiscard]] TrustedKey trusted(std::string_view id) const {
        TrustedKey key;
        key.id = id;
        std::array<std::uint8_t, 65> point{};
        std::size_t length = 0;
        (void)psa_export_public_key(id_, point.data(), point.size(), &length);
        std::copy(point.begin() + 1, point.end(), key.key.begin());
        return key;
    }
    // r || s
    [[nodiscard]] std::vector<std::uint8_t> sign(std::string_view text) const {
        std::array<std::uint8_t, 32> digest{};
        std::size_t length = 0;
        (void)psa_hash_compute(PSA_ALG_SHA_256, reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), digest.data(),
                               digest.size(), &length);
        std::vector<std::uint8_t> signature(64);
        (void)psa_sign_hash(id_, PSA_ALG_ECDSA(PSA_ALG_SHA_256), digest.data(), digest.size(), signature.data(),
                            signature.size(), &length);
        return signature;
    }

  private:
    psa_key_id_t id_ = 0;
};

inline std::vector<std::uint8_t> der(const std::vector<std::uint8_t>& raw) {
    std::vector<std::uint8_t> out{0x30, 0};
    for (std::size_t part = 0; part < 2; ++part) {
        std::vector<std::uint8_t> integer(raw.begin() + static_cast<std::ptrdiff_t>(32 * part),
                                          raw.begin() + static_cast<std::ptrdiff_t>(32 * part + 32));
        while (integer.size() > 1 && integer[0] == 0 && (integer[1] & 0x80U) == 0) integer.erase(integer.begin());
        if ((integer[0] & 0x80U) != 0) integer.insert(integer.begin(), 0);
        out.push_back(2);
        out.push_back(static_cast<std::uint8_t>(integer.size()));
        out.insert(out.end(), integer.begin(), integer.end());
    }
    out[1] = static_cast<std::uint8_t>(out.size() - 2);
    return out;
}

}  // namespace egiz::test
