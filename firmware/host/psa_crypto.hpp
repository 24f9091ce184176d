// The crypto port on PSA Crypto (Mbed TLS). The same calls are used on the ESP32.
#pragma once

#include <psa/crypto.h>

#include "ports.hpp"

namespace egiz::host {

class PsaCrypto final : public Crypto {
  public:
    PsaCrypto();
    ~PsaCrypto();
    PsaCrypto(const PsaCrypto&) = delete;
    PsaCrypto& operator=(const PsaCrypto&) = delete;

    Status sha256_begin() override;
    Status sha256_update(Bytes data) override;
    Status sha256_finish(std::span<std::uint8_t, sha256_size> digest) override;
    Status verify_p256(std::span<const std::uint8_t, p256_key_size> key, std::span<const std::uint8_t, sha256_size> digest,
                       std::span<const std::uint8_t, p256_signature_size> signature) override;

  private:
    psa_hash_operation_t operation_ = PSA_HASH_OPERATION_INIT;
    bool open_ = false;
};

}  // namespace egiz::host
