#include "psa_crypto.hpp"

#include <algorithm>
#include <array>

namespace egiz::host {

PsaCrypto::PsaCrypto() { (void)psa_crypto_init(); }

PsaCrypto::~PsaCrypto() { (void)psa_hash_abort(&operation_); }

Status PsaCrypto::sha256_begin() {
    if (open_) return Err::busy;
    operation_ = psa_hash_operation_init();
    if (psa_hash_setup(&operation_, PSA_ALG_SHA_256) != PSA_SUCCESS) return Err::io;
    open_ = true;
    return {};
}

Status PsaCrypto::sha256_update(Bytes data) {
    if (!open_) return Err::bad_argument;
    return psa_hash_update(&operation_, data.data(), data.size()) == PSA_SUCCESS ? Status() : Status(Err::io);
}

Status PsaCrypto::sha256_finish(std::span<std::uint8_t, sha256_size> digest) {
    if (!open_) return Err::bad_argument;
    open_ = false;
    std::size_t length = 0;
    const psa_status_t status = psa_hash_finish(&operation_, digest.data(), digest.size(), &length);
    return status == PSA_SUCCESS && length == digest.size() ? Status() : Status(Err::io);
}

Status PsaCrypto::verify_p256(std::span<const std::uint8_t, p256_key_size> key,
                              std::span<const std::uint8_t, sha256_size> digest,
                              std::span<const std::uint8_t, p256_signature_size> signature) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_HASH);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, 256);
    // PSA wants the uncompressed point of SEC 1: 0x04 || X || Y.
    std::array<std::uint8_t, p256_key_size + 1> point{};
    point[0] = 0x04;
    std::copy(key.begin(), key.end(), point.begin() + 1);
    psa_key_id_t id = 0;
    if (psa_import_key(&attributes, point.data(), point.size(), &id) != PSA_SUCCESS) return Err::denied;
    const psa_status_t status = psa_verify_hash(id, PSA_ALG_ECDSA(PSA_ALG_SHA_256), digest.data(), digest.size(),
                                                signature.data(), signature.size());
    (void)psa_destroy_key(id);
    return status == PSA_SUCCESS ? Status() : Status(Err::denied);
}

}  // namespace egiz::host
