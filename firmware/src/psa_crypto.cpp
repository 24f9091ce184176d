#include "psa_crypto.hpp"

#include <algorithm>
#include <array>

namespace egiz::esp {
namespace {

Status psa_result(psa_status_t code) { return code == PSA_SUCCESS ? Status() : Status(Err::io); }

}  // namespace

Status PsaCrypto::start() { return psa_result(psa_crypto_init()); }

Status PsaCrypto::sha256_begin() {
    // A digest that was left open belongs to an update that ended early.
    (void)psa_hash_abort(&hash_);
    hash_ = PSA_HASH_OPERATION_INIT;
    return psa_result(psa_hash_setup(&hash_, PSA_ALG_SHA_256));
}

Status PsaCrypto::sha256_update(Bytes data) { return psa_result(psa_hash_update(&hash_, data.data(), data.size())); }

Status PsaCrypto::sha256_finish(std::span<std::uint8_t, sha256_size> digest) {
    std::size_t length = 0;
    const psa_status_t code = psa_hash_finish(&hash_, digest.data(), digest.size(), &length);
    if (code != PSA_SUCCESS) (void)psa_hash_abort(&hash_);
    return code == PSA_SUCCESS && length == sha256_size ? Status() : Status(Err::io);
}

Status PsaCrypto::verify_p256(std::span<const std::uint8_t, p256_key_size> key,
                              std::span<const std::uint8_t, sha256_size> digest,
                              std::span<const std::uint8_t, p256_signature_size> signature) {
    // SEC 1, 2.3.3: an uncompressed point is 04h, X, Y.
    std::array<std::uint8_t, 1 + p256_key_size> point{};
    point[0] = 0x04;
    std::copy(key.begin(), key.end(), point.begin() + 1);

    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_HASH);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
    psa_key_id_t id = 0;
    if (psa_import_key(&attributes, point.data(), point.size(), &id) != PSA_SUCCESS) return Err::bad_argument;
    const psa_status_t code = psa_verify_hash(id, PSA_ALG_ECDSA(PSA_ALG_SHA_256), digest.data(), digest.size(),
                                              signature.data(), signature.size());
    (void)psa_destroy_key(id);
    // Only success is success: an error of the library must not look like a good signature, nor the other way round.
    if (code == PSA_SUCCESS) return {};
    return code == PSA_ERROR_INVALID_SIGNATURE ? Err::denied : Err::io;
}

}  // namespace egiz::esp
