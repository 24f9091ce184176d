// The crypto port where there is no PSA: SHA-256 in portable code; signatures are not verified but refused, so no test
// that needs a good signature can pass here (those run on the host with the real library).
#pragma once

#include <array>

#include "ports.hpp"

namespace egiz::host {

class PsaCrypto final : public Crypto {
  public:
    Status sha256_begin() override;
    Status sha256_update(Bytes data) override;
    Status sha256_finish(std::span<std::uint8_t, sha256_size> digest) override;
    Status verify_p256(std::span<const std::uint8_t, p256_key_size>, std::span<const std::uint8_t, sha256_size>,
                       std::span<const std::uint8_t, p256_signature_size>) override {
        return Err::denied;
    }

  private:
    void block();

    std::array<std::uint32_t, 8> state_{};
    std::array<std::uint8_t, 64> buffer_{};
    std::size_t used_ = 0;
    std::uint64_t total_ = 0;
};

}  // namespace egiz::host
