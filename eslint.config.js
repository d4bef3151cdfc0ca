import js from "@eslint/js"
import { defineConfig } from "eslint/config"
import { createNodeResolver, importX } from "eslint-plugin-import-x"
import tseslint from "typescript-eslint"
import { importDirection } from "./scripts/import-direction.js"

const LIBRARY = ["packages/*/src/**/*.ts"]
const TESTS = ["**/*.test.ts", "test/**/*.ts"]

const BROWSER = ["packages/server/src/dashboard/page/*.js"]

// run as they are, without TypeScript
const PROGRAMS = [
  "test/peers/*.js",
  "test/torture/programs/*.js",
  "test/tarballs/programs/*",
  "test/side-by-side/**/*.js",
]

const TIME = "Take the time from a Clock that is given as an option (clock.ts)."
const CHANCE = "Take chance from a Random that is given as an option (random.ts)."

const timeAndChance = {
  "no-restricted-globals": [
    "error",
    ...["setTimeout", "setInterval", "performance"].map((name) => ({ name, message: TIME })),
  ],
  "no-restricted-properties": [
    "error",
    { object: "Date", property: "now", message: TIME },
    { object: "AbortSignal", property: "timeout", message: TIME },
    { object: "process", property: "hrtime", message: TIME },
    { object: "process", property: "uptime", message: TIME },
    { object: "Math", property: "random", message: CHANCE },
    ...["setTimeout", "setInterval", "performance"].map((property) => ({
      object: "globalThis",
      property,
      message: TIME,
    })),
  ],
  "no-restricted-imports": [
    "error",
    {
      paths: ["timers", "timers/promises", "perf_hooks"].flatMap((name) => [
        { name, message: TIME },
        { name: `node:${name}`, message: TIME },
      ]),
    },
  ],
  "no-restricted-syntax": [
    "error",
    { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: TIME },
    { selector: "CallExpression[callee.name='Date']", message: TIME },
  ],
}

export default defineConfig(
  { ignores: ["**/dist/", "**/coverage/", "**/reports/", "**/.stryker-tmp/", "**/.turbo/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidOperator: true, ignoreVoidReturningFunctions: true },
      ],
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/no-meaningless-void-operator": "off",
      // "No `as` to silence the compiler": a cast that narrows is one.
      "@typescript-eslint/no-unsafe-type-assertion": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // Cancelling rejects with signal.reason, whatever the caller made it.
      "@typescript-eslint/only-throw-error": ["error", { allowThrowingAny: true, allowThrowingUnknown: true }],
      "@typescript-eslint/prefer-promise-reject-errors": [
        "error",
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      // An async method without await keeps its contract: it rejects, and never throws.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "max-depth": ["error", 3],
    },
  },
  {
    files: LIBRARY,
    plugins: { "import-x": importX },
    settings: {
      "import-x/resolver-next": [createNodeResolver({ extensionAlias: { ".js": [".ts", ".js"] } })],
    },
    rules: {
      // A path that cannot be resolved would slip past the import direction.
      "import-x/no-unresolved": "error",
      "max-lines": ["error", { max: 300 }],
    },
  },
  ...importDirection,
  {
    files: LIBRARY,
    ignores: ["**/*.test.ts", "packages/*/src/testing/**", "**/src/clock.ts", "**/src/random.ts"],
    rules: timeAndChance,
  },
  {
    files: TESTS,
    rules: {
      "@typescript-eslint/no-unsafe-type-assertion": "off",
      "@typescript-eslint/unbound-method": "off",
      "max-lines": "off",
    },
  },
  {
    files: ["**/*.js"],
    ignores: BROWSER,
    languageOptions: { globals: { console: "readonly", process: "readonly" } },
  },
  {
    files: PROGRAMS,
    languageOptions: {
      globals: {
        console: "readonly",
        ...Object.fromEntries(
          [
            "AbortSignal",
            "Buffer",
            "URL",
            "URLSearchParams",
            "btoa",
            "fetch",
            "gc",
            "performance",
            "Response",
            "setTimeout",
          ].map((name) => [name, "readonly"]),
        ),
      },
    },
  },
  // What names there are in a browser, the compiler knows.
  { files: BROWSER, rules: { "no-undef": "off", "max-lines": ["error", { max: 300 }] } },
)
