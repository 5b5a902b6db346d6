import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { has, run, start as startProgram } from '../../kit/processes.js'

const bootVersion = '4.1.2'
const lifetimeSeconds = 600

/** From Maven Central, as part of Spring Security, in an application of one class. */
export const name = 'Spring Authorization Server 7.1.2'

/** Why a step fails there. */
export const remarks = {
  13: 'Spring Security 7 asks for the password before it looks at `prompt` ([issue 18647](https://github.com/spring-projects/spring-security/issues/18647))',
  15: 'it does not know `max_age`',
}

export function missing() {
  if (!has('javac', '-version')) return 'there is no JDK'
  return has('mvn', '-version') ? undefined : 'there is no Maven, which fetches and builds it'
}

export async function start({ home, port, folder }) {
  const issuer = `http://127.0.0.1:${port}`
  const client = { clientId: 'web', clientSecret: 'a secret of web, for this script only' }
  write(folder, 'pom.xml', project)
  write(folder, 'src/main/java/shop/Shop.java', program)
  write(folder, 'src/main/resources/application.yml', JSON.stringify(configuration({ issuer, port, home, ...client })))
  run('mvn', ['-q', '-B', 'package'], { cwd: folder })
  const { close } = await startProgram('java', ['-jar', join(folder, 'target', 'shop-1.jar')], {
    log: join(folder, 'output.log'),
    url: `${issuer}/.well-known/openid-configuration`,
  })
  return {
    options: { issuer, ...client, scope: 'openid profile read' },
    lifetimeSeconds,
    api: { issuer, audience: 'orders', profile: 'jwt' },
    machine: { scope: 'read' },
    fill: (browser, page, options) => browser.submit(page, { username: 'alice', password: 'password' }, options),
    close,
  }
}

function write(folder, file, content) {
  mkdirSync(join(folder, file, '..'), { recursive: true })
  writeFileSync(join(folder, file), content)
}

const project = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <parent>
    <groupId>org.springframework.boot</groupId>
    <artifactId>spring-boot-starter-parent</artifactId>
    <version>${bootVersion}</version>
  </parent>
  <groupId>shop</groupId>
  <artifactId>shop</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.springframework.boot</groupId>
      <artifactId>spring-boot-starter-security-oauth2-authorization-server</artifactId>
    </dependency>
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <groupId>org.springframework.boot</groupId>
        <artifactId>spring-boot-maven-plugin</artifactId>
      </plugin>
    </plugins>
  </build>
</project>
`

// Without the second half, an access token is for the client that got it, and names no client.
const program = `package shop;

import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.oauth2.server.authorization.OAuth2TokenType;
import org.springframework.security.oauth2.server.authorization.token.JwtEncodingContext;
import org.springframework.security.oauth2.server.authorization.token.OAuth2TokenCustomizer;

@SpringBootApplication
public class Shop {
  public static void main(String[] args) {
    SpringApplication.run(Shop.class, args);
  }

  @Bean
  OAuth2TokenCustomizer<JwtEncodingContext> accessTokens() {
    return (context) -> {
      if (!OAuth2TokenType.ACCESS_TOKEN.equals(context.getTokenType())) return;
      context.getClaims().audience(List.of("orders")).claim("client_id", context.getRegisteredClient().getClientId());
    };
  }
}
`

function configuration({ issuer, port, home, clientId, clientSecret }) {
  return {
    server: { address: '127.0.0.1', port },
    spring: {
      security: {
        user: { name: 'alice', password: 'password' },
        oauth2: { authorizationserver: { issuer, client: { web: client({ home, clientId, clientSecret }) } } },
      },
    },
  }
}

function client({ home, clientId, clientSecret }) {
  return {
    registration: {
      'client-id': clientId,
      'client-secret': `{noop}${clientSecret}`,
      'client-authentication-methods': ['client_secret_basic'],
      'authorization-grant-types': ['authorization_code', 'refresh_token', 'client_credentials'],
      'redirect-uris': [`${home}/callback`],
      'post-logout-redirect-uris': [`${home}/`],
      scopes: ['openid', 'profile', 'read'],
    },
    'require-proof-key': true,
    token: { 'access-token-time-to-live': `${lifetimeSeconds}s`, 'reuse-refresh-tokens': false },
  }
}
