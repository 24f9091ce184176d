package com.openegiz.conformance;

import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthInput;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthOutput;
import com.hivemq.extension.sdk.api.auth.parameter.TopicPermission;
import com.hivemq.extension.sdk.api.packets.auth.DefaultAuthorizationBehaviour;
import com.hivemq.extension.sdk.api.packets.connect.ConnackReasonCode;
import com.hivemq.extension.sdk.api.packets.connect.ConnectPacket;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import com.hivemq.extension.sdk.api.services.builder.Builders;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.Optional;

/** Logins, rights and client ids as the product generates them for Mosquitto. */
final class Access implements ExtensionMain, SimpleAuthenticator {

    private final Accounts accounts;

    Access(final Accounts accounts) {
        this.accounts = accounts;
    }

    @Override
    public void extensionStart(final ExtensionStartInput input, final ExtensionStartOutput output) {
        Services.securityRegistry().setAuthenticatorProvider(parameters -> this);
    }

    @Override
    public void extensionStop(final ExtensionStopInput input, final ExtensionStopOutput output) {}

    @Override
    public void onConnect(final SimpleAuthInput input, final SimpleAuthOutput output) {
        final Optional<X509Certificate> certificate =
                input.getConnectionInformation().getTlsInformation().map(tls -> tls.getCertificate());
        if (certificate.isPresent() && accounts.revoked().isRevoked(certificate.get())) {
            output.failAuthentication(ConnackReasonCode.NOT_AUTHORIZED, "the certificate is revoked");
            return;
        }
        final Accounts.Account account = certificate.isPresent()
                ? accounts.byName().get(commonName(certificate.get()))
                : byPassword(input.getConnectPacket());
        if (account == null) {
            output.failAuthentication(ConnackReasonCode.NOT_AUTHORIZED, "no such account, or wrong password");
        } else if (!owns(account, input.getClientInformation().getClientId())) {
            output.failAuthentication(ConnackReasonCode.CLIENT_IDENTIFIER_NOT_VALID, "the client id is another's");
        } else {
            grant(account, output);
            output.authenticateSuccessfully();
        }
    }

    private static void grant(final Accounts.Account account, final SimpleAuthOutput output) {
        output.getDefaultPermissions().setDefaultBehaviour(DefaultAuthorizationBehaviour.DENY);
        for (final Accounts.Right right : account.rights()) {
            output.getDefaultPermissions().add(Builders.topicPermission()
                    .topicFilter(right.filter())
                    .activity(right.write()
                            ? TopicPermission.MqttActivity.PUBLISH
                            : TopicPermission.MqttActivity.SUBSCRIBE)
                    .build());
        }
    }

    /** Clients and devices use their account's name, services put a role behind it. */
    private static boolean owns(final Accounts.Account account, final String clientId) {
        return clientId.equals(account.name()) || account.service() && clientId.startsWith(account.name() + "-");
    }

    private Accounts.Account byPassword(final ConnectPacket connect) {
        final Accounts.Account account = connect.getUserName().map(accounts.byName()::get).orElse(null);
        final Optional<ByteBuffer> given = connect.getPassword();
        if (account == null || account.password() == null || given.isEmpty()) {
            return null;
        }
        final byte[] bytes = new byte[given.get().remaining()];
        given.get().get(bytes);
        final byte[] wanted = account.password().getBytes(StandardCharsets.UTF_8);
        return MessageDigest.isEqual(bytes, wanted) ? account : null;
    }

    private static String commonName(final X509Certificate certificate) {
        return certificate.getSubjectX500Principal().getName().replaceFirst("^CN=", "");
    }
}
