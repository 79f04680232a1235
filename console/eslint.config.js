import js from '@eslint/js';

export default [
  js.configs.recommended,
  {
    files: ['web/**/*.js', 'tests/**/*.js', '*.js'],
    languageOptions: {
      ecmaVersion: 2025,
      sourceType: 'module',
    },
    rules: {
      'no-undef': 'off', // tsc finds undefined names
      'max-lines': ['error', 300],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: 'Text from people is never markup: use h().' },
        { property: 'outerHTML', message: 'Text from people is never markup: use h().' },
        { property: 'insertAdjacentHTML', message: 'Text from people is never markup: use h().' },
      ],
    },
  },
];
