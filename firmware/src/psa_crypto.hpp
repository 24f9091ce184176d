// SHA-256 and ECDSA P-256 through PSA Crypto, the interface that both ESP-IDF 5.5 and 6 have.
#pragma once

#include "ports.hpp"
#include "psa/crypto.h"

namespace egiz::esp {

class PsaCrypto final : public Crypto {
  public:
    Status start();

    Status sha256_begin() override;
    Status sha256_update(Bytes data) override;
    Status sha256_finish(std::span<std::uint8_t, sha256_size> digest) override;
    Status verify_p256(std::span<const std::uint8_t, p256_key_size> key,
                       std::span<const std::uint8_t, sha256_size> digest,
                       std::span<const std::uint8_t, p256_signature_size> signature) override;

  private:
    psa_hash_operation_t hash_ = PSA_HASH_OPERATION_INIT;
};

}  // namespace egiz::esp
